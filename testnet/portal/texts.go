package portal

// texts are the words of the pages in one language.
type texts struct {
	Other, OtherName             string // the other language
	Portal, Development          string
	LoginTitle, For, Once        string
	Login, Password, Enter, Back string
	Wrong, TooMany               string
	GoneTitle, Gone              string
	HomeTitle, In, Out, Leave    string
}

var russian = texts{
	Other: "en", OtherName: "English",
	Portal:      "Портал испытательной сети",
	Development: "Это испытательный портал: настоящих учётных записей здесь нет. Не вводите пароль от других сайтов.",
	LoginTitle:  "Вход",
	For:         "Вы входите, чтобы продолжить на сайте:",
	Once:        "Входить нужно один раз: следующая организация получит подтверждение без повторного ввода пароля.",
	Login:       "Телефон, почта или логин",
	Password:    "Пароль",
	Enter:       "Войти",
	Back:        "Отменить и вернуться",
	Wrong:       "Логин или пароль не подходит. Проверьте раскладку и клавишу Caps Lock и попробуйте ещё раз.",
	TooMany:     "Слишком много неверных паролей. Подождите минуту и попробуйте ещё раз.",
	GoneTitle:   "Этот вход уже завершён",
	Gone:        "Вход завершён, отменён или начат слишком давно. Вернитесь на сайт, с которого вы пришли, и начните вход заново.",
	HomeTitle:   "Учётная запись",
	In:          "Вы вошли как",
	Out:         "Вы не вошли. Вход начинается на сайте, который просит вас подтвердить личность.",
	Leave:       "Выйти",
}

var english = texts{
	Other: "ru", OtherName: "Русский",
	Portal:      "Portal of the test network",
	Development: "This is a portal for tests: there are no real accounts here. Do not type a password of another site.",
	LoginTitle:  "Log in",
	For:         "You are logging in to go on at:",
	Once:        "You log in once: the next organisation gets its confirmation without asking for the password again.",
	Login:       "Phone, mail or login",
	Password:    "Password",
	Enter:       "Log in",
	Back:        "Cancel and go back",
	Wrong:       "Login or password does not fit. Check the keyboard layout and Caps Lock and try again.",
	TooMany:     "Too many wrong passwords. Wait a minute and try again.",
	GoneTitle:   "This log-in is over",
	Gone:        "The log-in was finished or cancelled, or was begun too long ago. Go back to the site you came from and begin again.",
	HomeTitle:   "Account",
	In:          "You are logged in as",
	Out:         "You are not logged in. A log-in begins at the site that asks who you are.",
	Leave:       "Log out",
}

func textsOf(lang string) *texts {
	if lang == "en" {
		return &english
	}
	return &russian
}
