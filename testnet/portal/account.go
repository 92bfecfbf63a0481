package portal

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Account is a person's account, and a line of the list of accounts.
type Account struct {
	Subject    string `json:"sub"`
	Login      string `json:"login"`
	Password   string `json:"password"`
	Confirmed  bool   `json:"confirmed"`
	Surname    string `json:"surname"`
	Name       string `json:"name"`
	Patronymic string `json:"patronymic"`
	// BirthDate is YYYY-MM-DD, Citizenship a code like RUS.
	BirthDate   string `json:"birth_date"`
	Document    string `json:"document"`
	Citizenship string `json:"citizenship"`
	Address     string `json:"address"`
	Phone       string `json:"phone"`
	Mail        string `json:"mail"`
}

// Format prints a redaction for every verb.
func (a Account) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[account]") }

// Client is an organisation that may ask who somebody is.
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	// Name is shown on the log-in page, by language ("ru", "en").
	Name      map[string]string `json:"name"`
	Redirects []string          `json:"redirects"`
	// Person: the client may ask for the person's data besides the subject.
	Person bool `json:"person"`
}

// Format prints a redaction for every verb.
func (c Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[client "+c.ID+"]") }

// columns of a list of accounts in CSV, in any order; sub, login and password are
// required.
var columns = map[string]func(*Account) *string{
	"sub":         func(a *Account) *string { return &a.Subject },
	"login":       func(a *Account) *string { return &a.Login },
	"password":    func(a *Account) *string { return &a.Password },
	"surname":     func(a *Account) *string { return &a.Surname },
	"name":        func(a *Account) *string { return &a.Name },
	"patronymic":  func(a *Account) *string { return &a.Patronymic },
	"birth_date":  func(a *Account) *string { return &a.BirthDate },
	"document":    func(a *Account) *string { return &a.Document },
	"citizenship": func(a *Account) *string { return &a.Citizenship },
	"address":     func(a *Account) *string { return &a.Address },
	"phone":       func(a *Account) *string { return &a.Phone },
	"mail":        func(a *Account) *string { return &a.Mail },
}

// ReadAccounts reads a list: a JSON array of Account, or CSV with a header line of
// the same names ("confirmed" is yes or no there).
func ReadAccounts(r io.Reader) ([]Account, error) {
	b := bufio.NewReader(r)
	first, err := b.Peek(1)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	if first[0] != '[' {
		return readCSV(b)
	}
	var list []Account
	if err := decodeStrict(b, &list); err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return list, nil
}

func readCSV(r io.Reader) ([]Account, error) {
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("read accounts: header: %w", err)
	}
	for _, name := range header {
		if columns[name] == nil && name != "confirmed" {
			return nil, fmt.Errorf("read accounts: column %q is not known", name)
		}
	}
	var list []Account
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read accounts: %w", err)
		}
		var a Account
		for i, name := range header {
			if name == "confirmed" {
				if fields[i] != "yes" && fields[i] != "no" {
					line, _ := lines.FieldPos(i)
					return nil, fmt.Errorf("read accounts: line %d: confirmed is neither yes nor no", line)
				}
				a.Confirmed = fields[i] == "yes"
				continue
			}
			*columns[name](&a) = fields[i]
		}
		list = append(list, a)
	}
}

// ReadClients reads a JSON array of Client.
func ReadClients(r io.Reader) ([]Client, error) {
	var list []Client
	if err := decodeStrict(r, &list); err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	return list, nil
}

// WriteAccounts writes a list that ReadAccounts takes.
func WriteAccounts(w io.Writer, list []Account) error { return writeList(w, "accounts", list) }

// WriteClients writes a list that ReadClients takes.
func WriteClients(w io.Writer, list []Client) error { return writeList(w, "clients", list) }

// writeList puts one element on a line.
func writeList[T any](w io.Writer, what string, list []T) error {
	b := bufio.NewWriter(w)
	separator := "[\n"
	for _, e := range list {
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write %s: %w", what, err)
		}
		_, _ = b.WriteString(separator)
		_, _ = b.Write(line)
		separator = ",\n"
	}
	if len(list) == 0 {
		_, _ = b.WriteString("[")
	}
	_, _ = b.WriteString("]\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

func decodeStrict(r io.Reader, v any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the list")
	}
	return nil
}

// lists are accounts and clients in the form in which they are looked up. They are
// replaced as a whole and never changed.
type lists struct {
	byLogin   map[string]*Account
	bySubject map[string]*Account
	clients   map[string]*client
}

func newLists(accounts []Account, clients []Client) (*lists, error) {
	l := &lists{
		byLogin: make(map[string]*Account, len(accounts)), bySubject: make(map[string]*Account, len(accounts)),
		clients: make(map[string]*client, len(clients)),
	}
	for i := range accounts {
		a := &accounts[i]
		switch {
		case a.Subject == "" || a.Login == "" || a.Password == "":
			return nil, fmt.Errorf("account %d: sub, login and password must all be set", i+1)
		case l.bySubject[a.Subject] != nil:
			return nil, fmt.Errorf("account %d: its sub is another account's", i+1)
		case l.byLogin[foldLogin(a.Login)] != nil:
			return nil, fmt.Errorf("account %d: its login is another account's", i+1)
		}
		l.bySubject[a.Subject], l.byLogin[foldLogin(a.Login)] = a, a
	}
	for i, c := range clients {
		if c.ID == "" || c.Secret == "" || len(c.Redirects) == 0 {
			return nil, fmt.Errorf("client %d: id, secret and redirects must all be set", i+1)
		}
		if l.clients[c.ID] != nil {
			return nil, fmt.Errorf("client %d: id %q is another client's", i+1, c.ID)
		}
		for _, r := range c.Redirects {
			if u, err := url.Parse(r); err != nil || !u.IsAbs() || u.Host == "" || u.Fragment != "" {
				return nil, fmt.Errorf("client %q: redirect %q is not an address", c.ID, r)
			}
		}
		l.clients[c.ID] = &client{Client: c}
	}
	return l, nil
}

// foldLogin: people type logins with capitals and spaces around them.
func foldLogin(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
