package applications

import (
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/texts"
)

// Title of a status for people.
func (s Status) Title() texts.Both {
	switch s {
	case Submitted:
		return texts.Both{RU: "Подано", EN: "Submitted"}
	case Accepted:
		return texts.Both{RU: "Учтено", EN: "Accepted"}
	case Rejected:
		return texts.Both{RU: "Отклонено", EN: "Rejected"}
	case Withdrawn:
		return texts.Both{RU: "Отозвано", EN: "Withdrawn"}
	}
	return texts.Both{}
}

// Next is what a person may do, or wait for, in a status other than rejected.
func (s Status) Next() texts.Both {
	switch s {
	case Submitted:
		return texts.Both{
			RU: "Ваши данные сверяются с Регистром избирателей. Загляните сюда позже: статус изменится на «Учтено» или «Отклонено».",
			EN: "Your data are being compared with the voter register. Look here later: the status will change to “Accepted” or “Rejected”."}
	case Accepted:
		return texts.Both{
			RU: "Вы включены в число участников дистанционного голосования и исключены из бумажного списка на участке. Заявление можно отозвать, пока список не сформирован.",
			EN: "You will vote remotely and are struck from the paper list of your polling station. You may withdraw until the list is formed."}
	case Withdrawn:
		return texts.Both{
			RU: "Вы голосуете на своём избирательном участке. До конца приёма можно подать новое заявление.",
			EN: "You vote at your polling station. While applications are taken you may file another."}
	}
	return texts.Both{}
}

// reasonWords says a reason of D5's kind and what to do next.
var reasonWords = map[Reason]struct{ title, next texts.Both }{
	Data: {
		texts.Both{RU: "Данные неполны или не совпали с данными Регистра избирателей", EN: "The data are incomplete or not those of the voter register"},
		texts.Both{
			RU: "Проверьте фамилию, имя, отчество, дату рождения и паспорт. Исправьте их на портале, войдите снова и подайте заявление повторно. Если всё верно, обратитесь в территориальную избирательную комиссию.",
			EN: "Check names, date of birth and passport. Correct them at the portal, log in again and file once more. If they are right, turn to your territorial election commission."}},
	Citizenship: {
		texts.Both{RU: "Нет гражданства, дающего право участвовать в этом голосовании", EN: "The citizenship does not give the right to vote here"},
		texts.Both{
			RU: "Если гражданство указано на портале неверно, исправьте его там и подайте заявление повторно.",
			EN: "If the portal has your citizenship wrong, correct it there and file once more."}},
	Age: {
		texts.Both{RU: "На день голосования вам не исполнится 18 лет", EN: "You will not be 18 years old on the voting day"},
		texts.Both{
			RU: "Если дата рождения указана на портале неверно, исправьте её там и подайте заявление повторно.",
			EN: "If the portal has your date of birth wrong, correct it there and file once more."}},
	Residence: {
		texts.Both{RU: "Адрес места жительства не совпал с адресом в Регистре избирателей", EN: "The address of residence is not that of the voter register"},
		texts.Both{
			RU: "Укажите адрес регистрации по месту жительства, как в паспорте. Если вы недавно переехали, обратитесь в территориальную избирательную комиссию.",
			EN: "Give the address of residence as in your passport. If you moved lately, turn to your territorial election commission."}},
	Late: {
		texts.Both{RU: "Заявление подано после окончания приёма", EN: "The application came after the time to apply was over"},
		texts.Both{RU: "Проголосуйте на своём избирательном участке: вы остались в его списке.", EN: "Vote at your polling station: you remain on its list."}},
	NoRemoteVoting: {
		texts.Both{RU: "На вашей территории дистанционное голосование не проводится", EN: "There is no remote voting on your territory"},
		texts.Both{RU: "Проголосуйте на своём избирательном участке: вы остались в его списке.", EN: "Vote at your polling station: you remain on its list."}},
	Duplicate: {
		texts.Both{RU: "На этого избирателя уже есть заявление от другой учётной записи", EN: "Another account has applied for the same voter"},
		texts.Both{
			RU: "Если вторая учётная запись ваша, отзовите заявление в ней. Если нет, сразу сообщите на портал и в избирательную комиссию.",
			EN: "If the other account is yours, withdraw there. If not, tell the portal and the election commission at once."}},
	Struck: {
		texts.Both{RU: "Избиратель исключён из Регистра или не имеет права участвовать в этом голосовании", EN: "The voter was struck from the register or may not vote in this election"},
		texts.Both{RU: "Если это ошибка, обратитесь в территориальную избирательную комиссию.", EN: "If this is a mistake, turn to your territorial election commission."}},
	Technical: {
		texts.Both{RU: "Заявление не удалось обработать по технической причине", EN: "The application could not be processed for a technical reason"},
		texts.Both{RU: "Подайте заявление ещё раз. Если не получится, обратитесь в поддержку.", EN: "File once more. If that fails, turn to the support."}},
}

// Title of a reason for people.
func (r Reason) Title() texts.Both { return reasonWords[r].title }

// Next is what to do after a rejection for the reason.
func (r Reason) Next() texts.Both { return reasonWords[r].next }

// Title and next step of an event.
func (e Event) Title() texts.Both { return e.Status.Title() }

// Next is what the person may do after the event.
func (e Event) Next() texts.Both {
	if e.Status == Rejected {
		return e.Reason.Next()
	}
	return e.Status.Next()
}

// fieldWords names the fields of a form.
var fieldWords = map[electors.Field]texts.Both{
	electors.FieldSurname: {RU: "фамилия", EN: "surname"}, electors.FieldName: {RU: "имя", EN: "name"},
	electors.FieldPatronymic: {RU: "отчество", EN: "patronymic"}, electors.FieldBirthDate: {RU: "дата рождения", EN: "date of birth"},
	electors.FieldDocument: {RU: "документ", EN: "document"}, electors.FieldAddress: {RU: "адрес", EN: "address"},
	electors.FieldTerritory: {RU: "территория", EN: "territory"},
	FieldCitizenship:        {RU: "гражданство", EN: "citizenship"}, FieldPhone: {RU: "телефон", EN: "phone"},
	FieldMail: {RU: "электронная почта", EN: "mail"}, FieldLanguage: {RU: "язык сообщений", EN: "language of messages"},
	fieldPerson: {RU: "данные заявителя", EN: "the applicant's data"},
}

// FieldTitle names a field for people.
func FieldTitle(field string) texts.Both { return fieldWords[electors.Field(field)] }
