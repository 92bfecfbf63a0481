package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urna-vote/urna/testnet/electorate"
	"github.com/urna-vote/urna/testnet/portal"
)

// citizen is an invented person: an account at the portal, a line of the voter
// register, a telephone.
type citizen struct {
	portal.Account
	territory string
}

var (
	surnames    = strings.Fields("Антонов Белов Васильев Громов Дёмин Ершов Жуков Зайцев Ильин Королёв Лебедев Морозов Носов Орлов Петров Рыбаков Соловьёв Титов Уваров Фомин")
	names       = strings.Fields("Алексей Борис Виктор Глеб Денис Егор Иван Кирилл Лев Матвей Николай Олег Пётр Роман Семён Тимур Фёдор Юрий")
	patronymics = strings.Fields("Алексеевич Борисович Викторович Глебович Денисович Иванович Кириллович Львович Николаевич Олегович Петрович Романович Семёнович Юрьевич")
	herSurname  = func(s string) string { return s + "а" }
	herNames    = strings.Fields("Анна Вера Галина Дарья Елена Жанна Зоя Ирина Ксения Любовь Мария Нина Ольга Полина Раиса Светлана Татьяна Юлия")
	herFathers  = strings.Fields("Алексеевна Борисовна Викторовна Глебовна Денисовна Ивановна Кирилловна Львовна Николаевна Олеговна Петровна Романовна Семёновна Юрьевна")
	streets     = strings.Fields("Лесная Садовая Полевая Речная Школьная Новая Северная Южная Тихая Светлая")
)

// people invents everybody who votes. Two persons may share a name, never a
// document, a telephone or an account.
func people(e *electorate.Electorate, seed uint64) []citizen {
	r := seeded(seed, 77)
	day := time.Date(1938, 1, 1, 0, 0, 0, 0, time.UTC)
	all := make([]citizen, len(e.Voters))
	for i, v := range e.Voters {
		c := citizen{territory: territory(v.Style)}
		c.Surname, c.Name, c.Patronymic = surnames[r.IntN(len(surnames))], names[r.IntN(len(names))], patronymics[r.IntN(len(patronymics))]
		if r.IntN(2) == 0 {
			c.Surname, c.Name, c.Patronymic = herSurname(c.Surname), herNames[r.IntN(len(herNames))], herFathers[r.IntN(len(herFathers))]
		}
		c.Subject, c.Login, c.Password = fmt.Sprintf("10%07d", i), fmt.Sprintf("voter-%06d", i), fmt.Sprintf("password of %06d", i)
		c.Confirmed, c.Citizenship = true, "RUS"
		c.BirthDate = day.AddDate(0, 0, r.IntN(60*365)).Format(time.DateOnly)
		c.Document = fmt.Sprintf("4500%06d", i)
		c.Address = fmt.Sprintf("г. Москва, ул. %s, д. %d, кв. %d", streets[r.IntN(len(streets))], 1+r.IntN(90), 1+r.IntN(200))
		c.Phone, c.Mail = fmt.Sprintf("+7999%07d", i), fmt.Sprintf("voter-%06d@example.org", i)
		all[i] = c
	}
	return all
}

// outsiders have accounts and are in no voter register.
func outsiders() []citizen {
	all := make([]citizen, 3)
	for i := range all {
		a := &all[i].Account
		a.Subject, a.Login, a.Password = fmt.Sprintf("20%07d", i), fmt.Sprintf("outsider-%d", i), "password"
		a.Surname, a.Name, a.BirthDate, a.Document, a.Citizenship = "Чужих", "Иван", "1980-01-01", fmt.Sprintf("4600%06d", i), "RUS"
		a.Address, a.Phone, a.Confirmed = "г. Тула, ул. Новая, д. 1, кв. 1", fmt.Sprintf("+7998%07d", i), i != unconfirmed
	}
	return all
}

// unconfirmed is the outsider whose account the portal has not checked.
const unconfirmed = 2

func territory(style int) string { return fmt.Sprintf("%03d", style+1) }

// writePeople writes what the portal and the registrar are given: accounts, the
// voter register, and which territory votes by which ballot.
func (d *demo) writePeople() error {
	accounts := make([]portal.Account, len(d.citizens), len(d.citizens)+3)
	var register strings.Builder
	register.WriteString("Фамилия;Имя;Отчество;Дата рождения;Документ;Адрес;Территория\n")
	for i, c := range d.citizens {
		accounts[i] = c.Account
		born, err := time.Parse(time.DateOnly, c.BirthDate)
		if err != nil {
			return err
		}
		// The register writes the same things in its own way.
		fmt.Fprintf(&register, "%s;%s;%s;%s;%s %s %s;%s;%s\n", strings.ToUpper(c.Surname), c.Name, c.Patronymic, born.Format("02.01.2006"),
			c.Document[:2], c.Document[2:4], c.Document[4:], c.Address, c.territory)
	}
	for _, c := range outsiders() {
		accounts = append(accounts, c.Account)
	}
	var territories strings.Builder
	territories.WriteString("territory;name;style\n")
	for i, s := range d.electorate.Styles {
		fmt.Fprintf(&territories, "%s;%s;%s\n", territory(i), strings.ReplaceAll(d.electorate.Groups[s.Group], ";", ","), s.Name)
	}
	if err := os.MkdirAll(d.path("registrar"), 0o700); err != nil {
		return err
	}
	for name, text := range map[string]string{"register.csv": register.String(), "territories.csv": territories.String()} {
		if err := os.WriteFile(d.path("registrar", name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	list, err := os.OpenFile(d.path("portal", "accounts.json"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer list.Close()
	return portal.WriteAccounts(list, accounts)
}
