package main

import (
	"fmt"

	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/proto/api"
)

// words that a person reads while logging in, by language.
var words = map[string]map[string]string{
	"en": {
		"open":             "Open this address in the browser of this device and log in (%s):\n\n  %s\n\n",
		"then":             ", then ",
		"code":             "Code of %s, organisation %d of %d, sent by %s, mark %s (%s): ",
		"phone":            "Code that confirms the telephone, sent by %s, mark %s (%s): ",
		"again":            "r: send again",
		"by":               "%s: send by %s",
		"mail":             "e-mail",
		"queue":            "%s: %d people are before you, about %d s\n",
		"wait":             "%s sent a code to another device just now; another comes in %d s\n",
		"phone-wait":       "A code was sent for an earlier log-in just now and does not fit this one; another comes in %d s\n",
		"login-refused":    "%s refuses the log-in (%s). Update the program and give the same command again; if it goes on, tell the organisation",
		"rejected":         "the application is rejected",
		"rejected-correct": "the application is rejected; correct it with the same command",
		"applied":          "application %s: %s\n",
		"slip":             "slip of %s\nentry %x\nwritten to %s\n",
		"counted":          "counted: this issuer endorsed a token for your entry that you did not ask for. Tell the commission",
		"nothing":          "this issuer endorsed no token for your entry: there is nothing to dispute",
	},
	"ru": {
		"open":             "Откройте этот адрес в браузере этого устройства и войдите (%s):\n\n  %s\n\n",
		"then":             ", затем ",
		"code":             "Код от %s, организация %d из %d, отправлен: %s, метка %s (%s): ",
		"phone":            "Код подтверждения телефона, отправлен: %s, метка %s (%s): ",
		"again":            "r: прислать ещё раз",
		"by":               "%s: прислать иначе (%s)",
		"mail":             "электронная почта",
		"queue":            "%s: перед вами %d человек, ждать около %d с\n",
		"wait":             "%s: код только что отправлен на другое устройство, новый придёт через %d с\n",
		"phone-wait":       "Только что был отправлен код для прежнего входа, здесь он не подойдёт; новый придёт через %d с\n",
		"login-refused":    "%s: во входе отказано (%s). Обновите программу и повторите ту же команду; если не поможет, сообщите организации",
		"rejected":         "заявление отклонено",
		"rejected-correct": "заявление отклонено; исправьте данные и повторите ту же команду",
		"applied":          "заявление %s: %s\n",
		"slip":             "лист избирателя: %s\nзапись %x\nсохранён в %s\n",
		"counted":          "учтено: организация подтвердила по вашей записи выдачу, о которой вы не просили. Сообщите комиссии",
		"nothing":          "эта организация не подтверждала выдачу по вашей записи: оспаривать нечего",
	},
}

// say words something in the language of the environment.
func say(name string, args ...any) string { return fmt.Sprintf(words[language()][name], args...) }

func channelName(channel string) string {
	switch channel {
	case api.ChannelSMS:
		return "SMS"
	case api.ChannelMail:
		return say("mail")
	}
	return terminal.Plain(channel)
}
