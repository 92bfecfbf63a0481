package texts

// Refusals of every gateway, whichever way its voters log in.
var (
	Malformed = Declare("malformed", 400,
		Both{"Запрос составлен неверно", "The request is malformed"},
		Both{"Программа на вашем устройстве прислала не то, чего ждёт организация.", "The program on your device sent something that the organisation does not expect."},
		Both{"Обновите программу и повторите. Если не помогло, сообщите в поддержку.", "Update the program and try again. If that does not help, tell the support."})
	UnknownElection = Declare("unknown-election", 404,
		Both{"Эта организация не выдаёт бюллетени этого голосования", "This organisation issues no ballots of this election"},
		Both{"Голосования нет в реестре, или у организации нет для него ключа.", "The election is not on the ledger, or the organisation holds no key for it."},
		Both{"Проверьте, то ли голосование вы выбрали.", "Check that you chose the right election."})
	NotOpen = Declare("not-open", 409,
		Both{"Сейчас бюллетени здесь не выдаются", "Ballots are not issued here now"},
		Both{"Выдача ещё не началась, уже закончилась, приостановлена или передана другим организациям.", "Issuing has not begun, is over, is suspended, or other organisations do it now."},
		Both{"Посмотрите сроки голосования. Если оно идёт, запросите бюллетень заново: программа обратится к тем, кто выдаёт сейчас.", "Look at the times of the election. While it is open, ask for the ballot again: the program will turn to those who issue now."})
	Entry = Declare("entry", 409,
		Both{"По этой записи списка бюллетень не выдаётся", "No ballot is issued for this entry of the list"},
		Both{"Записи нет в списке участников, она исключена, или по ней бюллетень уже выдан.", "The entry is not on the list of voters, was removed, or has its ballot already."},
		Both{"Если вы не получали бюллетень, обратитесь в избирательную комиссию и назовите свою запись.", "If you did not get a ballot, turn to the election commission and name your entry."})
	OtherRecord = Declare("other-record", 409,
		Both{"Бюллетень уже запрошен с другого устройства", "The ballot was asked for from another device"},
		Both{"По вашей записи уже подтверждён другой запрос, заменить его нельзя.", "Another request was endorsed for your entry and cannot be replaced."},
		Both{"Продолжите на том устройстве, с которого начали. Если начинали не вы, сразу сообщите организации и комиссии.", "Go on with the device on which you began. If it was not you, tell the organisation and the commission at once."})
	Credential = Declare("credential", 403,
		Both{"Данные доступа не подошли", "The access data do not fit"},
		Both{"Ключ избирателя и код доступа не открывают эту запись.", "Voter key and access code do not open this entry."},
		Both{"Проверьте код по выданному листу: он состоит из четырёх групп по четыре знака.", "Check the code by your slip: it has four groups of four characters."})
	WaitCode = Declare("wait", 429,
		Both{"Слишком много неверных кодов", "Too many wrong codes"},
		Both{"Запись временно закрыта для новых попыток.", "The entry is closed for further tries for a while."},
		Both{"Повторите через {wait}.", "Try again in {wait}."})
	NotOnRecord = Declare("not-on-record", 404,
		Both{"Запроса ещё нет в реестре", "The request is not on the ledger yet"},
		Both{"Организация подписывает только то, что уже записано в общий реестр.", "The organisation signs only what stands on the shared ledger."},
		Both{"Подождите несколько секунд: программа повторит сама.", "Wait a few seconds: the program tries again by itself."})
	Unavailable = Declare("unavailable", 503,
		Both{"Организация сейчас не может ответить", "The organisation cannot answer now"},
		Both{"Её узел или база данных не отвечает вовремя.", "Its node or database does not answer in time."},
		Both{"Повторите через {wait}. Запрос не потерян: повтор даст тот же ответ.", "Try again in {wait}. Nothing is lost: a repeated request gets the same answer."})
	Internal = Declare("internal", 500,
		Both{"Ошибка на стороне организации", "The organisation's system failed"},
		Both{"Причина записана в её журнале.", "The reason is in its log."},
		Both{"Повторите через {wait}. Если повторяется, сообщите организации время ошибки.", "Try again in {wait}. If it goes on, tell the organisation the time of the failure."})
	NoRoute = Declare("no-route", 404,
		Both{"Такой страницы нет", "There is no such page"},
		Both{"Адрес введён с ошибкой или устарел.", "The address is mistyped or outdated."},
		Both{"Вернитесь к началу и откройте ссылку заново.", "Go back to the beginning and open the link again."})
	TooMany = Declare("too-many", 429,
		Both{"Слишком частые запросы", "Too many requests"},
		Both{"С вашего адреса или от вас приходит больше запросов, чем нужно одному человеку.", "More requests come from your address or from you than a person needs."},
		Both{"Повторите через {wait}.", "Try again in {wait}."})
	TooLarge = Declare("too-large", 413,
		Both{"Запрос слишком велик", "The request is too large"},
		Both{"Размер запроса больше допустимого.", "The request is larger than is allowed."},
		Both{"Обновите программу и повторите.", "Update the program and try again."})
	TooSlow = Declare("too-slow", 408,
		Both{"Запрос не пришёл вовремя", "The request did not come in time"},
		Both{"Соединение слишком медленное или оборвалось.", "The connection is too slow or broke off."},
		Both{"Проверьте связь и повторите.", "Check your connection and try again."})
	Room = Declare("room", 429,
		Both{"Сейчас много желающих, есть очередь", "Many people are here now, there is a queue"},
		Both{"Вход открывается по порядку очереди.", "Log-in is opened in the order of the queue."},
		Both{"Возьмите номер в очереди: программа сделает это сама и покажет ваше место. Закрывать её не нужно.", "Take a ticket: the program does so by itself and shows your place. Keep it open."})
	RoomFull = Declare("room-full", 429,
		Both{"Очередь переполнена", "The queue is full"},
		Both{"Желающих больше, чем вмещает очередь.", "More people are here than the queue can hold."},
		Both{"Повторите через {wait}. Голосование идёт до назначенного срока, ваш голос не потерян.", "Try again in {wait}. Voting goes on until its appointed end; your vote is not lost."})
	RoomTicket = Declare("room-ticket", 404,
		Both{"Такого номера в очереди нет", "There is no such ticket"},
		Both{"Номер неверен, уже использован или срок его прошёл.", "The ticket is wrong, used up, or its time is over."},
		Both{"Возьмите новый номер.", "Take a new ticket."})
)
