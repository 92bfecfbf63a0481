package api

import (
	"fmt"
	"io"
)

// ApplicationForm is what a person fills in; what the portal vouches for may be
// left out. POST /v1/application files it, POST /v1/application/correct corrects
// the last one, both with a session of purpose "application" and answered with
// the Application.
type ApplicationForm struct {
	Surname    string `json:"surname,omitempty"`
	Name       string `json:"name,omitempty"`
	Patronymic string `json:"patronymic,omitempty"`
	// BirthDate is YYYY-MM-DD.
	BirthDate   string `json:"birth_date,omitempty"`
	Document    string `json:"document,omitempty"`
	Address     string `json:"address,omitempty"`
	Citizenship string `json:"citizenship,omitempty"`
	// Phone is + and digits; it must have been confirmed.
	Phone string `json:"phone"`
	Mail  string `json:"mail,omitempty"`
	// Language of messages, ru or en.
	Language string `json:"language,omitempty"`
}

// Format prints a redaction for every verb.
func (ApplicationForm) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[application form]") }

// PhoneRequest asks for a code to a phone that the application will name.
// POST /v1/application/phone, answered with CodeAnswer.
type PhoneRequest struct {
	Phone string `json:"phone"`
}

// Format prints a redaction for every verb.
func (PhoneRequest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[phone request]") }

// PhoneConfirmation brings the code back. POST /v1/application/phone/confirm,
// answered with PhoneAnswer.
type PhoneConfirmation struct {
	Phone string `json:"phone"`
	Code  string `json:"code"`
}

// Format prints a redaction for every verb.
func (PhoneConfirmation) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[phone confirmation]")
}

// PhoneAnswer: the phone can stand in an application.
type PhoneAnswer struct {
	Confirmed bool `json:"confirmed"`
}

// Application as its applicant sees it. POST /v1/application/withdraw takes it back.
type Application struct {
	// Number of digits and a check digit.
	Number string `json:"number"`
	// Status is submitted, accepted, rejected or withdrawn.
	Status string `json:"status"`
	// Reason of a rejection: data, citizenship, age, residence, late, territory,
	// duplicate, struck or technical; Fields, where they may be told, what did not match.
	Reason string   `json:"reason,omitempty"`
	Fields []string `json:"fields,omitempty"`
	// Title, Why and Next say status, reason and what to do, in the language asked for.
	Title   string             `json:"title"`
	Why     string             `json:"why,omitempty"`
	Next    string             `json:"next"`
	Form    ApplicationForm    `json:"form"`
	History []ApplicationEvent `json:"history"`
	// Code is what the confirmation shows.
	Code string `json:"code"`
}

// Format prints a redaction for every verb.
func (Application) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[application]") }

// ApplicationEvent is a step of an application.
type ApplicationEvent struct {
	AtMS   int64    `json:"at_ms"`
	Status string   `json:"status"`
	Reason string   `json:"reason,omitempty"`
	Fields []string `json:"fields,omitempty"`
	Title  string   `json:"title"`
	Why    string   `json:"why,omitempty"`
}

// Cabinet is all that a voter has at the registrar. GET /v1/application
type Cabinet struct {
	// Title of what is voted on, in the language asked for.
	Title    string `json:"title"`
	OpensMS  int64  `json:"opens_ms"`
	ClosesMS int64  `json:"closes_ms"`
	// Formed: the list is formed and nothing can be changed.
	Formed bool `json:"formed"`
	// Form as the portal fills it in.
	Form ApplicationForm `json:"form"`
	// Applications, the newest first.
	Applications []Application `json:"applications"`
	// Elections for which GET /v1/slip?election= gives the slip.
	Elections []Hex `json:"elections"`
}

// Format prints a redaction for every verb.
func (Cabinet) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[cabinet]") }
