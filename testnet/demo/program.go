package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/testnet/crowd"
)

// What the program shows to a person: the address to open, and that it waits for
// a code.
var (
	shownAddress = regexp.MustCompile(`(?m)^  (http://\S+)$`)
	shownPrompt  = regexp.MustCompile(`организация (\d) из (\d), [^\n]*метка (\d{4}) \([^\n]*\): $`)
)

// tokenByProgram gets one voter's token with the program that voters have: its
// person opens the shown address in a browser and types the codes that come.
func (d *demo) tokenByProgram(ctx context.Context, v *voter) error {
	dir := d.path("voter")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text, err := v.slip.Reveal()
	if err != nil {
		return err
	}
	slipFile, state := filepath.Join(dir, "slip.json"), filepath.Join(dir, "me.json")
	if err := os.WriteFile(slipFile, text, 0o600); err != nil {
		return err
	}
	args := append([]string{"voter", "token", "--login", "portal", "--slip", slipFile, "--state", state}, d.where(validators)...)
	for _, g := range d.gateways {
		for _, url := range g.urls {
			args = append(args, "--gateway", g.name+"="+url)
		}
	}
	if err := d.converse(ctx, v.person, args); err != nil {
		return fmt.Errorf("token by urna voter token: %w", err)
	}
	v.state, err = session.ReadFile(state)
	return err
}

// converse runs urna with a person before it.
func (d *demo) converse(ctx context.Context, p *crowd.Person, args []string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(d.options.bin, "urna"), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=ru_RU.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	screen, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	shown, err := watch(ctx, screen, keyboard, p)
	if err != nil {
		_ = cmd.Process.Kill() // it would wait for what does not come
	}
	if ended := cmd.Wait(); err != nil || ended != nil {
		return fmt.Errorf("%w; it showed:\n%s", errors.Join(err, ended), tail([]byte(shown), 1000))
	}
	return nil
}

// watch does what the screen asks for until the program ends.
func watch(ctx context.Context, screen io.Reader, keyboard io.Writer, p *crowd.Person) (shown string, err error) {
	buffer := make([]byte, 4096)
	fresh := ""
	for {
		n, err := screen.Read(buffer)
		shown, fresh = shown+string(buffer[:n]), fresh+string(buffer[:n])
		if errors.Is(err, io.EOF) {
			return shown, nil
		}
		if err != nil {
			return shown, err
		}
		if m := shownAddress.FindStringSubmatch(fresh); m != nil {
			fresh = ""
			// The browser's way ends at a page of the program.
			_, err := p.Browser.Go(ctx, m[1], "nowhere")
			if !errors.Is(err, crowd.ErrPage) || !strings.Contains(err.Error(), "Вход выполнен") {
				return shown, fmt.Errorf("browser: %w", errOr(err, "no end"))
			}
		}
		if m := shownPrompt.FindStringSubmatch(fresh); m != nil {
			fresh = ""
			member, _ := strconv.Atoi(m[1]) // one digit
			members, _ := strconv.Atoi(m[2])
			reply, err := p.Code(ctx, session.Question{Member: member, Members: members, Mark: m[3]})
			if err != nil {
				return shown, err
			}
			if _, err := fmt.Fprintln(keyboard, reply.Code); err != nil {
				return shown, err
			}
		}
	}
}
