package auth

import (
	"fmt"

	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/people"
)

// Organisation that speaks to a person: which of a panel's it is.
type Organisation struct {
	// Number of Of, from 1.
	Number, Of int
	Name       string
}

// to addresses a message to a person, in the person's language.
func to(p people.Person, channel notice.Channel, subject, text [2]string) notice.Message {
	language, address := 0, p.Phone
	if p.Language == people.English {
		language = 1
	}
	if channel == notice.Mail {
		address = p.Mail
	}
	return notice.Message{Channel: channel, To: address, Subject: subject[language], Text: text[language]}
}

// CodeMessage is what a person reads with a code: the act, the organisation and
// the mark that the own device shows. Whoever wheedles a code out of a person has
// to talk against all three.
func CodeMessage(p people.Person, channel notice.Channel, o Organisation, digits, mark string) notice.Message {
	return to(p, channel,
		[2]string{"Код для получения бюллетеня", "Code for receiving the ballot"},
		[2]string{
			fmt.Sprintf("Код для получения бюллетеня, организация %d из %d (%s): %s. Метка %s. Действует 5 минут. Никому его не сообщайте.", o.Number, o.Of, o.Name, digits, mark),
			fmt.Sprintf("Code for receiving the ballot, organisation %d of %d (%s): %s. Mark %s. Good for 5 minutes. Tell it to nobody.", o.Number, o.Of, o.Name, digits, mark),
		})
}

// EndorsedMessage tells a person that the organisation endorsed a token.
func EndorsedMessage(p people.Person, channel notice.Channel, name string) notice.Message {
	return to(p, channel,
		[2]string{"Бюллетень выдан", "A ballot was issued"},
		[2]string{
			fmt.Sprintf("Организация %s подтвердила выдачу вам бюллетеня. Если вы его не получали, войдите в её службу и заявите об этом, и сообщите комиссии.", name),
			fmt.Sprintf("The organisation %s endorsed a ballot for you. If you did not get it, log in at its service and say so, and tell the commission.", name),
		})
}

// Reachable lists the channels by which a person can be reached.
func Reachable(p people.Person) []notice.Channel {
	var all []notice.Channel
	if p.Phone != "" {
		all = append(all, notice.SMS)
	}
	if p.Mail != "" {
		all = append(all, notice.Mail)
	}
	return all
}
