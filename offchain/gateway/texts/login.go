package texts

// Refusals of gateways whose voters log in at a portal and show one-time codes.
var (
	LoginPurpose = Declare("login-purpose", 400,
		Both{"С этой целью здесь не входят", "Nobody logs in here for this purpose"},
		Both{"Организация не делает того, для чего запрошен вход, или запрос к нему не подходит.", "The organisation does not do what the log-in was asked for, or the request does not fit it."},
		Both{"Обновите программу и начните заново.", "Update the program and start again."})
	LoginReturn = Declare("login-return", 400,
		Both{"Неизвестно, куда вернуться после входа", "Where to return after the log-in is not known"},
		Both{"Адрес возврата не принадлежит ни этой программе на вашем устройстве, ни странице голосования.", "The return address belongs neither to the program on this device nor to the election's page."},
		Both{"Откройте страницу голосования по официальной ссылке.", "Open the election's page by its official link."})
	LoginOver = Declare("login-over", 410,
		Both{"Этот вход уже завершён или устарел", "This log-in is over"},
		Both{"На вход даётся десять минут, и каждая ссылка срабатывает один раз.", "A log-in takes ten minutes at most, and each link works once."},
		Both{"Начните вход заново.", "Start the log-in again."})
	LoginBrowser = Declare("login-browser", 403,
		Both{"Вход начат в другом браузере", "The log-in was begun in another browser"},
		Both{"Ответ портала пришёл не в тот браузер, из которого вы к нему ушли, или cookie отключены.", "The portal's answer came to another browser than the one that went there, or cookies are off."},
		Both{"Начните заново и пройдите вход в одном браузере. Если вход начинали не вы, закройте страницу.", "Start again and stay in one browser. If it was not you who began, close the page."})
	LoginUnconfirmed = Declare("login-unconfirmed", 403,
		Both{"Учётная запись не подтверждена", "The account is not confirmed"},
		Both{"Портал не проверял личность владельца этой учётной записи.", "The portal has not checked who the owner of this account is."},
		Both{"Подтвердите учётную запись на портале и войдите снова.", "Have the account confirmed at the portal and log in again."})
	LoginNotListed = Declare("login-not-listed", 403,
		Both{"Вас нет в списке участников", "You are not on the list of voters"},
		Both{"По этой учётной записи нет принятого заявления об участии в этом дистанционном голосовании.", "There is no accepted application for this remote vote under this account."},
		Both{"Проверьте статус заявления. Если вы его подавали, обратитесь в избирательную комиссию; проголосовать можно и на участке.", "Look at the state of your application. If you filed one, turn to the election commission; you can also vote at the polling station."})
	LoginDeclined = Declare("login-declined", 403,
		Both{"Вход на портале не завершён", "The log-in at the portal was not completed"},
		Both{"Вы отказались от входа, или портал его не разрешил.", "You declined, or the portal did."},
		Both{"Начните вход заново.", "Start the log-in again."})
	LoginAnswer = Declare("login-answer", 403,
		Both{"Ответ портала не подходит к этому входу", "The portal's answer does not belong to this log-in"},
		Both{"Ответ повреждён, устарел или дан на другой вход. Ничего из него не использовано.", "The answer is damaged, too old, or of another log-in. Nothing of it was used."},
		Both{"Начните вход заново. Если повторяется, сообщите организации.", "Start the log-in again. If it goes on, tell the organisation."})
	LoginPortal = Declare("login-portal", 503,
		Both{"Портал сейчас не отвечает", "The portal does not answer now"},
		Both{"Организация не смогла узнать у портала, кто вы.", "The organisation could not learn from the portal who you are."},
		Both{"Повторите через минуту. Ваш запрос не потерян.", "Try again in a minute. Your request is not lost."})
	Session = Declare("session", 401,
		Both{"Нужно войти", "You need to log in"},
		Both{"Вход не выполнен, или с него прошло больше получаса.", "You have not logged in, or more than half an hour ago."},
		Both{"Войдите снова: программа продолжит с того же места.", "Log in again: the program goes on from where it stopped."})
	OtherRequest = Declare("other-request", 409,
		Both{"Вход сделан для другого запроса", "The log-in was made for another request"},
		Both{"Организация подтверждает только тот запрос, для которого вы вошли.", "The organisation endorses only the request for which you logged in."},
		Both{"Войдите ещё раз для этого запроса. Если вы его не делали, ничего не вводите и сообщите комиссии.", "Log in once more for this request. If you did not make it, type nothing and tell the commission."})

	CodeWrong = Declare("code-wrong", 403,
		Both{"Код неверный", "The code is wrong"},
		Both{"Осталось попыток: {left}.", "Tries left: {left}."},
		Both{"Введите код из последнего сообщения этой организации. Метка в нём та же, что на экране.", "Type the code of this organisation's last message. The mark in it is the one on your screen."})
	CodeUnreadable = Declare("code-unreadable", 403,
		Both{"Это не код", "This is not a code"},
		Both{"В коде цифр: {digits}. Попытка не засчитана.", "A code has so many digits: {digits}. The try was not counted."},
		Both{"Введите все цифры кода.", "Type all digits of the code."})
	CodeExpired = Declare("code-expired", 403,
		Both{"Срок кода истёк", "The code has expired"},
		Both{"Код действует пять минут.", "A code is good for five minutes."},
		Both{"Запросите новый код.", "Ask for a new code."})
	CodeExhausted = Declare("code-exhausted", 403,
		Both{"Код трижды введён неверно", "The code was mistyped three times"},
		Both{"Этот код больше не принимается, даже верный.", "This code is not taken any more, even if it is right."},
		Both{"Запросите новый код через {wait}.", "Ask for a new code in {wait}."})
	CodeNone = Declare("code-none", 403,
		Both{"Код ещё не запрошен", "No code was asked for yet"},
		Both{"Для этого входа код не отправлялся, или он уже использован.", "No code was sent for this log-in, or it was used."},
		Both{"Запросите код.", "Ask for a code."})
	CodeWait = Declare("code-wait", 429,
		Both{"Код только что отправлен", "A code was sent just now"},
		Both{"Новый код можно запросить через минуту после прежнего.", "Another code may be asked for a minute after the last."},
		Both{"Подождите {wait}. Если сообщение не придёт, выберите другой способ.", "Wait {wait}. If the message does not come, choose another channel."})
	ChannelAbsent = Declare("channel-absent", 409,
		Both{"Так код прислать нельзя", "A code cannot be sent this way"},
		Both{"У организации нет этого способа связи или в заявлении нет для него адреса.", "The organisation has no such channel, or your application no address for it."},
		Both{"Выберите другой способ.", "Choose another channel."})
	ChannelFull = Declare("channel-full", 503,
		Both{"Сообщения сейчас не отправляются", "Messages cannot be sent now"},
		Both{"Очередь сообщений заполнена. Код не создан.", "The queue of messages is full. No code was made."},
		Both{"Выберите другой способ или повторите через {wait}.", "Choose another channel, or try again in {wait}."})
)
