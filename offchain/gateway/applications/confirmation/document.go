package confirmation

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Document is what a confirmation says. Its texts are in the language named.
// It prints as a redaction.
type Document struct {
	// Language is "ru" or "en".
	Language string
	// Organisation that takes applications, and the title of what is voted on.
	Organisation, Campaign string
	// Number of the application; Filed and AsOf are times as people write them.
	Number, Filed, AsOf string
	// Zone of the times in the history.
	Zone string
	// Status, and why and what to do next.
	Status, Reason, Next string
	// Applicant's data, each with its label.
	Applicant []Row
	History   []Step
	// Code by which the organisation knows its own confirmation.
	Code string
	// At is the time of the last step: the document's own.
	At time.Time
}

// Row is a labelled value.
type Row struct{ Label, Value string }

// Step of the application's history.
type Step struct{ At, What, Why string }

// Format prints a redaction for every verb.
func (Document) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[confirmation]") }

// MarshalText refuses.
func (Document) MarshalText() ([]byte, error) {
	return nil, errors.New("a confirmation has no text form")
}

// labels of the page.
type labels struct {
	title, subtitle, number, filed, status, asOf, applicant, history, time, event, reason, next, why, code, automatic, check, page string
}

var words = map[string]labels{
	"ru": {
		title: "ПОДТВЕРЖДЕНИЕ", subtitle: "о подаче заявления для участия в дистанционном электронном голосовании",
		number: "Номер заявления", filed: "Подано", status: "Статус", asOf: "Состояние на",
		applicant: "Заявитель", history: "История заявления", time: "Дата и время", event: "Событие", reason: "Основание", why: "Пояснение", next: "Что дальше",
		code: "Код подтверждения",
		automatic: "Документ сформирован автоматически по данным учёта заявлений; подпись и печать не требуются. " +
			"Часть цифр документа и номера телефона скрыта.",
		check: "Подлинность проверит организация, принявшая заявление, по номеру и коду подтверждения. " +
			"Чтобы узнать текущий статус, войдите в личный кабинет.",
		page: "Страница %d из {nb}",
	},
	"en": {
		title: "CONFIRMATION", subtitle: "of an application to vote remotely",
		number: "Application number", filed: "Submitted", status: "Status", asOf: "As of",
		applicant: "Applicant", history: "History of the application", time: "Date and time", event: "Event", reason: "Reason", why: "Note", next: "What next",
		code: "Confirmation code",
		automatic: "This document was made automatically from the register of applications and needs no signature or seal. " +
			"Some digits of the document and the phone are hidden.",
		check: "The organisation that took the application verifies it by number and confirmation code. " +
			"To see the current status, log in to your account.",
		page: "Page %d of {nb}",
	},
}
