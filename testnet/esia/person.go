package esia

import (
	"time"

	"github.com/urna-vote/urna/testnet/portal"
)

// natural is the person's record.
func natural(a *portal.Account, may func(string) bool) map[string]any {
	m := map[string]any{"stateFacts": []string{"EntityRoot"}, "status": "REGISTERED", "trusted": a.Confirmed, "eTag": "1"}
	if may("fullname") {
		m["firstName"], m["lastName"], m["middleName"] = a.Name, a.Surname, a.Patronymic
	}
	if born, err := time.Parse(time.DateOnly, a.BirthDate); err == nil && may("birthdate") {
		m["birthDate"] = born.Format("02.01.2006")
	}
	if may("citizenship") {
		m["citizenship"] = a.Citizenship
	}
	return m
}

func collection(elements ...map[string]any) map[string]any {
	if elements == nil {
		elements = []map[string]any{}
	}
	return map[string]any{"stateFacts": []string{"hasSize"}, "size": len(elements), "elements": elements}
}

// contacts lists an unverified phone before the verified one: who takes the first
// takes the wrong one.
func contacts(a *portal.Account, may func(string) bool) map[string]any {
	var list []map[string]any
	if may("mobile") && a.Phone != "" {
		list = append(list,
			map[string]any{"id": 1, "type": "MBT", "vrfStu": "NOT_VERIFIED", "value": "+7(000)0000000"},
			map[string]any{"id": 2, "type": "MBT", "vrfStu": "VERIFIED", "value": spaced(a.Phone)})
	}
	if may("email") && a.Mail != "" {
		list = append(list, map[string]any{"id": 3, "type": "EML", "vrfStu": "VERIFIED", "value": a.Mail})
	}
	return collection(list...)
}

// spaced writes a phone as the portal does: +7(900)0000001.
func spaced(phone string) string {
	if len(phone) != 12 {
		return phone
	}
	return phone[:2] + "(" + phone[2:5] + ")" + phone[5:]
}

func documents(a *portal.Account, may func(string) bool) map[string]any {
	if !may("id_doc") || len(a.Document) <= 4 {
		return collection()
	}
	return collection(map[string]any{
		"id": 1, "type": "RF_PASSPORT", "vrfStu": "VERIFIED", "series": a.Document[:4], "number": a.Document[4:],
	})
}

func addresses(a *portal.Account, may func(string) bool) map[string]any {
	if !may("addresses") || a.Address == "" {
		return collection()
	}
	return collection(
		map[string]any{"id": 1, "type": "PLV", "addressStr": "elsewhere", "countryId": "RUS"},
		map[string]any{"id": 2, "type": "PRG", "addressStr": a.Address, "countryId": "RUS", "house": "1", "flat": "2"},
	)
}
