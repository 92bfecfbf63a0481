package otp

// Memory is a table without a database, so that a million tries are a matter of
// seconds; the rules are those of Check and Send.
type Memory map[[32]byte]code

func (m Memory) load(owner [32]byte) (code, bool, error) {
	c, there := m[owner]
	return c, there, nil
}

func (m Memory) save(owner [32]byte, c code) error {
	m[owner] = c
	return nil
}

func (m Memory) remove(owner [32]byte) error {
	delete(m, owner)
	return nil
}

// DrawIn is Send without the message.
func (d *Desk) DrawIn(m Memory, k Key) (digits string, err error) {
	digits, _, _, err = d.draw(m, k, 0)
	return digits, err
}

// CheckIn is Check.
func (d *Desk) CheckIn(m Memory, k Key, typed string) (Verdict, error) { return d.check(m, k, typed) }
