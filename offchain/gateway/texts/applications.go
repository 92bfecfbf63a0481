package texts

// Refusals of a registrar. What is rejected with a reason is no refusal: it is
// an application with that status.
var (
	ApplicationsNotOpen = Declare("application-not-open", 409,
		Both{"Приём заявлений ещё не начался", "Applications are not taken yet"},
		Both{"Заявления принимаются с {opens}.", "Applications are taken from {opens}."},
		Both{"Подайте заявление после этого времени.", "File your application after that time."})
	ApplicationFormed = Declare("application-formed", 409,
		Both{"Изменить заявление уже нельзя", "The application cannot be changed any more"},
		Both{"Время для изменений закончилось, или список участников сформирован.", "The time for changes is over, or the list of voters is formed."},
		Both{"Посмотрите статус заявления. Если оно учтено, голосуйте дистанционно, если нет, на своём участке.", "Look at the status. If the application was accepted, vote remotely, if not, at your polling station."})
	ApplicationExists = Declare("application-exists", 409,
		Both{"Заявление уже подано", "You have filed an application already"},
		Both{"У вас есть заявление на рассмотрении или учтённое.", "You have an application that is under review or accepted."},
		Both{"Чтобы изменить данные, исправьте его или отзовите и подайте новое.", "To change data, correct it, or withdraw it and file another."})
	ApplicationNone = Declare("application-none", 404,
		Both{"Такого заявления нет", "There is no such application"},
		Both{"У вас нет заявления, с которым это можно сделать.", "You have no application with which this can be done."},
		Both{"Посмотрите список своих заявлений.", "Look at the list of your applications."})
	ApplicationTooMany = Declare("application-too-many", 409,
		Both{"Слишком много заявлений", "Too many applications"},
		Both{"От вашей учётной записи подано столько заявлений или исправлений, сколько допускается.", "Your account has filed or corrected as often as it may."},
		Both{"Обратитесь в избирательную комиссию.", "Turn to the election commission."})
	ApplicationField = Declare("application-field", 400,
		Both{"Поле заполнено неверно", "A field is filled in wrongly"},
		Both{"Поле «{label}» не подходит.", "The field “{label}” does not fit."},
		Both{"Исправьте поле. Данные, взятые с портала, исправляются на портале: исправьте их там и войдите снова.", "Correct the field. What comes from the portal is corrected there: do so and log in again."})
	PhoneUnconfirmed = Declare("phone-unconfirmed", 409,
		Both{"Телефон не подтверждён", "The phone is not confirmed"},
		Both{"Вы ещё не ввели код, отправленный на этот номер.", "You have not typed the code that was sent to this number."},
		Both{"Запросите код и введите его.", "Ask for a code and type it."})
	PhoneBound = Declare("phone-bound", 409,
		Both{"Этот телефон указан в заявлении другого человека", "This phone stands in another person's application"},
		Both{"Один номер может стоять в заявлении только одной учётной записи.", "A number can stand in the application of one account only."},
		Both{"Укажите другой номер. Если номер ваш, а заявление подавали не вы, сообщите в избирательную комиссию.", "Give another number. If it is yours and you did not file that application, tell the election commission."})
	ApplicationsErased = Declare("application-erased", 410,
		Both{"Голосование завершено, данные заявлений удалены", "The election is over and the data of applications were erased"},
		Both{"Срок хранения персональных данных истёк.", "The term for which personal data are kept is over."},
		Both{"За справкой обратитесь в избирательную комиссию.", "Turn to the election commission for information."})
	SlipNone = Declare("slip-none", 404,
		Both{"Доступа к голосованию пока нет", "There is no access to the vote yet"},
		Both{"Список участников ещё не сформирован, или вашего заявления нет среди учтённых для этого голосования.", "The list of voters is not formed yet, or your application is not among those accepted for this election."},
		Both{"Посмотрите статус заявления. Если оно учтено, зайдите после формирования списка.", "Look at the status. If it is accepted, come back when the list is formed."})
)
