package confirmation_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications/confirmation"
)

func document() confirmation.Document {
	return confirmation.Document{
		Language: "ru", Organisation: "Избирательная комиссия", Campaign: "Выборы", Number: "000001-3",
		Filed: "02.08.2026 13:00:00 (UTC+3)", AsOf: "02.08.2026 13:00:00 (UTC+3)", Zone: "UTC+3",
		Status: "Учтено", Next: "Голосуйте.", Applicant: []confirmation.Row{{Label: "Имя", Value: "Алёна"}},
		History: []confirmation.Step{{At: "02.08.2026 13:00:00", What: "Учтено"}}, Code: "AAAA-BBBB-CCCC-DDDD",
		At: time.Date(2026, 8, 2, 10, 0, 0, 0, time.UTC),
	}
}

func draw(t *testing.T, d confirmation.Document) []byte {
	t.Helper()
	b, err := confirmation.PDF(d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryChangeOfTheDataChangesTheDocumentAndNothingElseDoes(t *testing.T) {
	first := draw(t, document())
	for range 20 {
		if !bytes.Equal(first, draw(t, document())) {
			t.Fatal("the same document gave other bytes")
		}
	}
	moved := document()
	moved.At = moved.At.In(time.FixedZone("MSK", 3*3600))
	if !bytes.Equal(first, draw(t, moved)) {
		t.Error("the zone of the machine's clock is in the document")
	}
	for i, change := range []func(*confirmation.Document){
		func(d *confirmation.Document) { d.Number = "000002-1" }, func(d *confirmation.Document) { d.Status = "Отклонено" },
		func(d *confirmation.Document) { d.Applicant[0].Value = "Алена" }, func(d *confirmation.Document) { d.Code = "AAAA-BBBB-CCCC-DDDE" },
		func(d *confirmation.Document) { d.At = d.At.Add(time.Second) }, func(d *confirmation.Document) { d.Reason = "Возраст" },
		func(d *confirmation.Document) { d.Language = "en" },
	} {
		d := document()
		change(&d)
		if bytes.Equal(first, draw(t, d)) {
			t.Errorf("change %d is not in the document", i)
		}
	}
}

func TestALongHistoryGoesOnOnFurtherPages(t *testing.T) {
	d := document()
	for i := range 100 {
		d.History = append(d.History, confirmation.Step{At: "02.08.2026 13:00:00", What: "Учтено", Why: fmt.Sprint("Изменено: телефон ", i)})
	}
	if pages := bytes.Count(draw(t, d), []byte("/Type /Page\n")); pages < 3 {
		t.Fatalf("%d pages", pages)
	}
}

func TestADocumentWithoutTimeHistoryOrLanguageIsRefused(t *testing.T) {
	for name, change := range map[string]func(*confirmation.Document){
		"time": func(d *confirmation.Document) { d.At = time.Time{} }, "history": func(d *confirmation.Document) { d.History = nil },
		"language": func(d *confirmation.Document) { d.Language = "fr" },
	} {
		d := document()
		change(&d)
		if _, err := confirmation.PDF(d); err == nil {
			t.Errorf("a document without %s was drawn", name)
		}
	}
	if text := fmt.Sprintf("%v %+v", document(), document()); text != "[confirmation] [confirmation]" {
		t.Error(text)
	}
}
