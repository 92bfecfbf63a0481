package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	where := flag.String("database", "", "URL of an empty PostgreSQL database; empty for SQLite")
	voters := flag.Int("voters", 4000, "voters in all")
	atOnce := flag.Int("at-once", 64, "voters at once")
	idle := flag.Int("idle", 10_000, "idle connections")
	slow := flag.Int("slow", 5_000, "slow connections")
	profile := flag.String("profile", "", "file for a processor profile of the gateway")
	child := flag.Bool("serve", false, "be the gateway")
	flag.Parse()
	err := error(nil)
	if *child {
		err = serve(*where, *voters, *profile)
	} else {
		err = measure(*where, *profile, *voters, *atOnce, *idle, *slow)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "issuing:", err)
		os.Exit(1)
	}
}

// measure starts a gateway and measures it: half of the voters alone, the other
// half beside idle and slow connections.
func measure(where, profile string, voters, atOnce, idle, slow int) error {
	dir, err := os.MkdirTemp("", "issuing-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	kind := "PostgreSQL"
	if where == "" {
		where, kind = filepath.Join(dir, "gateway.db"), "SQLite"
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, "-serve", "-database", where, "-voters", strconv.Itoa(voters), "-profile", profile)
	cmd.Stderr = os.Stderr
	end, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	told, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var gateway started
	if err := json.NewDecoder(told).Decode(&gateway); err != nil {
		return errors.Join(fmt.Errorf("start the gateway: %w", err), cmd.Wait())
	}
	fmt.Printf("%s, %d voters, %d at once\n", kind, voters, atOnce)
	m := &measurement{gateway: gateway, atOnce: atOnce, http: &http.Client{
		Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * atOnce, MaxIdleConns: 4 * atOnce},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	err = m.run(voters, idle, slow)
	return errors.Join(err, end.Close(), cmd.Wait())
}

type measurement struct {
	gateway started
	atOnce  int
	http    *http.Client
}

func (m *measurement) run(voters, idle, slow int) error {
	if err := m.stages("alone", 0, voters/2); err != nil {
		return err
	}
	var rate checkRate
	if err := m.control(http.MethodPost, "/checks", &rate); err != nil {
		return err
	}
	fmt.Printf("%-28s %8.0f /s  (%d, each durable)\n", "code checks", rate.PerSecond, rate.Checks)
	stop := make(chan struct{})
	defer close(stop)
	if err := m.tellMemory("no connections"); err != nil {
		return err
	}
	if err := m.hold(idle, stop, (*measurement).idle); err != nil {
		return err
	}
	if err := m.tellMemory(fmt.Sprintf("%d idle", idle)); err != nil {
		return err
	}
	if err := m.hold(slow, stop, (*measurement).slow); err != nil {
		return err
	}
	if err := m.tellMemory(fmt.Sprintf("%d idle, %d slow", idle, slow)); err != nil {
		return err
	}
	if err := m.stages(fmt.Sprintf("beside %d idle and %d slow", idle, slow), voters/2, voters); err != nil {
		return err
	}
	return m.tellMemory("after issuing beside them")
}

// stages lets voters log in, then get codes, then tokens.
func (m *measurement) stages(how string, from, to int) error {
	fmt.Println(how)
	all := make([]*voter, to-from)
	for i := range all {
		all[i] = newVoter(from+i, m.http, m.gateway)
	}
	whole, processor := time.Duration(0), time.Duration(0)
	for _, stage := range []struct {
		name string
		do   func(*voter, context.Context) error
	}{{"log-in and session", (*voter).logIn}, {"code asked for and read", (*voter).getCode}, {"token: code, record, RSA", (*voter).getToken}} {
		before, err := m.usage()
		if err != nil {
			return err
		}
		begun := time.Now()
		took, err := m.each(all, stage.do)
		if err != nil {
			return err
		}
		elapsed := time.Since(begun)
		after, err := m.usage()
		if err != nil {
			return err
		}
		used := after.since(before)
		whole, processor = whole+elapsed, processor+used
		perVoter := used.Seconds() / float64(len(all)) * 1e6
		fmt.Printf("  %-26s %8.0f /s  median %s, 99 of 100 within %s; processor %.0f µs", stage.name, float64(len(all))/elapsed.Seconds(),
			took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), perVoter)
		if strings.Contains(stage.name, "RSA") {
			fmt.Printf(", %.0f of them RSA (%.0f %%)", m.gateway.SignMicroseconds, 100*m.gateway.SignMicroseconds/perVoter)
		}
		fmt.Println()
	}
	perVoter := processor.Seconds() / float64(len(all)) * 1e6
	fmt.Printf("  %-26s %8.0f /s  processor %.0f µs a voter, RSA %.0f %%\n", "issuances end to end", float64(len(all))/whole.Seconds(), perVoter, 100*m.gateway.SignMicroseconds/perVoter)
	return nil
}

func (m *measurement) each(all []*voter, do func(*voter, context.Context) error) ([]time.Duration, error) {
	took := make([]time.Duration, len(all))
	var next atomic.Int64
	var working sync.WaitGroup
	failed := make(chan error, m.atOnce)
	for range m.atOnce {
		working.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(all); i = next.Add(1) - 1 {
				begun := time.Now()
				if err := do(all[i], context.Background()); err != nil {
					failed <- err
					return
				}
				took[i] = time.Since(begun)
			}
		})
	}
	working.Wait()
	slices.Sort(took)
	select {
	case err := <-failed:
		return nil, err
	default:
		return took, nil
	}
}

func (m *measurement) control(method, path string, out any) error {
	request, err := http.NewRequest(method, m.gateway.Control+path, nil)
	if err != nil {
		return err
	}
	response, err := m.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s: %s %s", path, response.Status, text)
	}
	return json.NewDecoder(response.Body).Decode(out)
}

func (m *measurement) usage() (u usage, err error) {
	return u, m.control(http.MethodGet, "/usage", &u)
}

func (m *measurement) tellMemory(with string) error {
	time.Sleep(time.Second)
	u, err := m.usage()
	fmt.Printf("%-28s %8.0f MB\n", "memory, "+with, u.MemoryMB)
	return err
}

// hold keeps connections in some state until stop.
func (m *measurement) hold(n int, stop chan struct{}, keep func(m *measurement, c net.Conn, stop chan struct{})) error {
	at := strings.TrimPrefix(m.gateway.Address, "http://")
	for i := range n {
		c, err := net.DialTimeout("tcp", at, 10*time.Second)
		if err != nil {
			return fmt.Errorf("hold %d connections: %w", n, err)
		}
		go keep(m, c, stop)
		if i%200 == 199 {
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// idle asks once and stays.
func (m *measurement) idle(c net.Conn, stop chan struct{}) {
	defer c.Close()
	_, _ = io.WriteString(c, "GET /v1/problems/wait HTTP/1.1\r\nHost: gateway.example\r\n\r\n")
	<-stop
}

// slow sends one letter a second of a request that has no end, again and again.
func (m *measurement) slow(c net.Conn, stop chan struct{}) {
	at := c.RemoteAddr().String()
	for {
		_, err := io.WriteString(c, "POST /v1/token HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: application/json\r\nContent-Length: 16000\r\n\r\n")
		for err == nil {
			select {
			case <-stop:
				_ = c.Close()
				return
			case <-time.After(time.Second):
				_, err = io.WriteString(c, "{")
			}
		}
		// Broken off, as it should be: it comes again.
		_ = c.Close()
		if c, err = net.DialTimeout("tcp", at, 10*time.Second); err != nil {
			return
		}
	}
}
