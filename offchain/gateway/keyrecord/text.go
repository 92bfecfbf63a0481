package keyrecord

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// words of one language.
type words struct {
	title                                                             map[string]string
	chain, election, issuer, operator, time, account, present, nobody string
	kept                                                              map[string]string
	fileHash, keys, class, panel, before, phases, record              string
	closing                                                           map[string]string
	sign                                                              string
}

var russian = words{
	title: map[string]string{
		Made:      "ПРОТОКОЛ создания ключей для подписи токенов",
		Destroyed: "ПРОТОКОЛ уничтожения ключей для подписи токенов",
	},
	chain: "Сеть", election: "Выборы", issuer: "Организация", operator: "Ключ оператора",
	time: "Время (UTC)", account: "Учётная запись", present: "Присутствовали", nobody: "никто не назван",
	kept:     map[string]string{"file": "Зашифрованный файл", "module": "Аппаратный модуль"},
	fileHash: "SHA-256 файла", keys: "Ключи (SHA-256 модуля)", class: "класс", panel: "группа",
	before: "Протокол создания (SHA-256)", phases: "Состояние зон", record: "SHA-256 этого протокола в виде JSON",
	closing: map[string]string{
		Made:      "Закрытые ключи нигде больше не записаны, кроме названных ниже копий.\nКопии: ____________________________________________",
		Destroyed: "Все копии ключей, названные в протоколе создания, уничтожены.\nКак и когда: _______________________________________",
	},
	sign: "Подписи",
}

var english = words{
	title: map[string]string{
		Made:      "RECORD of the making of token signing keys",
		Destroyed: "RECORD of the destruction of token signing keys",
	},
	chain: "Chain", election: "Election", issuer: "Organisation", operator: "Operator key",
	time: "Time (UTC)", account: "Account", present: "Present", nobody: "nobody is named",
	kept:     map[string]string{"file": "Encrypted file", "module": "Hardware module"},
	fileHash: "SHA-256 of the file", keys: "Keys (SHA-256 of the modulus)", class: "class", panel: "panel",
	before: "Record of making (SHA-256)", phases: "State of the zones", record: "SHA-256 of this record as JSON",
	closing: map[string]string{
		Made:      "The private keys are written nowhere else, but for the copies named here.\nCopies: ____________________________________________",
		Destroyed: "All copies of the keys named in the record of making are destroyed.\nHow and when: ______________________________________",
	},
	sign: "Signatures",
}

// Text is the record for people, in Russian and in English, with room for
// signatures.
func (r *Record) Text() (string, error) {
	sum, err := r.SHA256()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, w := range []words{russian, english} {
		if i > 0 {
			b.WriteString("\n----------------------------------------------------------------\n\n")
		}
		r.write(&b, w, sum)
	}
	return b.String(), nil
}

func (r *Record) write(b *strings.Builder, w words, sum [32]byte) {
	line := func(name, value string) { fmt.Fprintf(b, "%s: %s\n", name, value) }
	fmt.Fprintf(b, "%s\n\n", w.title[r.Act])
	line(w.chain, r.ChainID)
	line(w.election, r.Election.String())
	line(w.issuer, r.Issuer)
	line(w.operator, r.Operator.String())
	line(w.time, r.Time)
	line(w.account, r.Account)
	present := r.Present
	if len(present) == 0 {
		present = []string{w.nobody}
	}
	line(w.present, strings.Join(present, "; "))
	line(w.kept[r.Kept], r.Where)
	if len(r.FileSHA256) > 0 {
		line(w.fileHash, r.FileSHA256.String())
	}
	if len(r.Before) > 0 {
		line(w.before, r.Before.String())
	}
	if len(r.Phases) > 0 {
		line(w.phases, strings.Join(r.Phases, ", "))
	}
	fmt.Fprintf(b, "\n%s:\n", w.keys)
	for _, k := range r.Keys {
		fmt.Fprintf(b, "  %s %d, %s %d: %x\n", w.class, k.Class, w.panel, k.Panel, sha256.Sum256(k.Modulus))
	}
	fmt.Fprintf(b, "\n%s:\n  %x\n\n%s\n\n%s:\n", w.record, sum, w.closing[r.Act], w.sign)
	for range max(len(r.Present), 2) {
		b.WriteString("  ____________________  ____________________________\n")
	}
}
