// Package electors keeps the voter register of a territory as it was handed to
// the registrar, so that an application can be matched with it: who is in it,
// where the person lives, and which territory that belongs to.
//
// Specification: docs/spec/gateway.md, section "Applications".
//
// # File
//
// CSV with ";" or "," between the fields (the first line decides), in UTF-8 or
// Windows-1251. The first line names the columns, in any order and any case:
//
//	Фамилия         surname
//	Имя             name
//	Отчество        patronymic    may be empty or "-"
//	Дата рождения   birth_date    DD.MM.YYYY or YYYY-MM-DD
//	Документ        document      series and number
//	Адрес           address       of residence
//	Территория      territory     a code of the territories file
//
// Every bad line is named by its number, and nothing is taken over if one is
// bad: rows are written under the number of the next generation, and the last
// transaction of an import makes that generation the one that counts.
//
// # Territories file
//
// CSV "territory;name;style". Style is the name of a ballot style; several,
// joined by "|", where several elections are held together. An empty style
// means that there is no remote voting for the territory.
//
// # Matching
//
// Fields are compared exactly after this normalisation, and by nothing else:
//
//	names      lower case, ё as е, dashes as "-", no other blanks than one between words
//	document   capital letters and digits, without the words серия, номер, паспорт and №
//	address    words of letters and digits, lower case, ё as е, usual words as abbreviations
//
// At rest a person is sealed (package vault); rows are found by keyed hashes.
//
// The package must never know a phone, an account, an entry or a token, and puts
// no field of a person into an error.
package electors
