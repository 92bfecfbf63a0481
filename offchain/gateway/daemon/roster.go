package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/offchain/terminal"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// RosterOptions say for whom a roster is made.
type RosterOptions struct {
	Voters   string
	Dir      string
	Nodes    []string
	Genesis  string
	Election [32]byte
	// Codes: make every issuer's codes too.
	Codes bool
}

// RosterMade is what there is now.
type RosterMade struct {
	Dir     string   `json:"dir"`
	Voters  int      `json:"voters"`
	Issuers []string `json:"issuers"`
}

// MakeRoster makes roll, slips, and each issuer's passes or codes.
func MakeRoster(ctx context.Context, o RosterOptions, out io.Writer) (*RosterMade, error) {
	nodes, trust, err := Connect(config.Config{Nodes: o.Nodes, Genesis: o.Genesis})
	if err != nil {
		return nil, err
	}
	defer nodes.Close()
	def, err := definition(ctx, chainview.New(nodes, trust.ChainID(), time.Now), o.Election)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(o.Voters)
	if err != nil {
		return nil, fmt.Errorf("read voters: %w", err)
	}
	defer file.Close()
	voters, err := roster.ReadVoters(file, def)
	if err != nil {
		return nil, err
	}
	e, err := roster.Enrol(rand.Reader, trust.ChainID(), o.Election, def, voters)
	if err != nil {
		return nil, err
	}
	made := &RosterMade{Dir: o.Dir, Voters: len(voters)}
	progress := terminal.NewProgress(out, "issuers served", int64(len(def.Issuers)))
	defer progress.Done()
	for _, issuer := range def.Issuers {
		if err := makeIssuer(e, o, issuer); err != nil {
			return nil, fmt.Errorf("issuer %q: %w", issuer.Name, err)
		}
		made.Issuers = append(made.Issuers, issuer.Name)
		progress.Add(1)
	}
	return made, e.WriteFiles(o.Dir)
}

func makeIssuer(e *roster.Enrolment, o RosterOptions, issuer *electionv1.Issuer) error {
	if issuer.Name == "" || strings.HasPrefix(issuer.Name, ".") || filepath.Base(issuer.Name) != issuer.Name || issuer.Name == roster.SlipDir {
		return errors.New("its name cannot be that of a directory")
	}
	dir := filepath.Join(o.Dir, issuer.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	passes := e.Passes(issuer.Name)
	if !o.Codes {
		return roster.WritePassesFile(dir, passes)
	}
	codes, err := makeCodes(dir, o.Election, passes)
	if err != nil {
		return err
	}
	for i, s := range e.Slips() {
		s.Codes = append(s.Codes, slip.IssuerCode{Issuer: issuer.Name, Code: codes.Code(i)})
	}
	return nil
}

func makeCodes(dir string, election [32]byte, passes []roster.Pass) (*roster.Codes, error) {
	key, err := roster.LoadOrMakeKey(filepath.Join(dir, roster.KeyFile), rand.Reader)
	if err != nil {
		return nil, err
	}
	codes, err := roster.NewCodes(rand.Reader, key, election, passes)
	if err != nil {
		return nil, err
	}
	return codes, codes.WriteFiles(dir)
}

// IssueCodes makes an issuer's own codes from the passes in its directory.
func IssueCodes(dir string, election [32]byte) (int, error) {
	file, err := os.Open(filepath.Join(dir, roster.PassesFile))
	if err != nil {
		return 0, fmt.Errorf("read passes: %w", err)
	}
	defer file.Close()
	passes, err := roster.ReadPasses(file)
	if err != nil {
		return 0, err
	}
	_, err = makeCodes(dir, election, passes)
	return len(passes), err
}

// ImportCodes imports an access list and, the first time, its key.
func ImportCodes(ctx context.Context, cfg config.Config, dir string) (added, all int, err error) {
	file, err := os.Open(filepath.Join(dir, roster.AccessFile))
	if err != nil {
		return 0, 0, fmt.Errorf("read access list: %w", err)
	}
	defer file.Close()
	election, list, err := register.ReadList(file)
	if err != nil {
		return 0, 0, err
	}
	key, err := roster.LoadKey(filepath.Join(dir, roster.KeyFile))
	if err != nil {
		return 0, 0, err
	}
	if err := installKey(cfg.AccessKey, key); err != nil {
		return 0, 0, err
	}
	db, err := database.Open(ctx, cfg.Database)
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	err = db.Update(func(tx *database.Tx) error {
		if added, err = register.In(tx).Import(list); err != nil {
			return err
		}
		return journal.Append(tx, staff("codes import", "election %x, %d of %d entries new", election, added, len(list)))
	})
	if err != nil {
		return 0, 0, err
	}
	all, err = register.New(db).Size(ctx, election)
	return added, all, err
}

// staff is a journal's entry of what is done now.
func staff(action, format string, args ...any) journal.Entry {
	return journal.By(time.Now(), os.Getenv("SUDO_USER"), action, fmt.Sprintf(format, args...))
}

// installKey keeps the gateway's one access key.
func installKey(path string, key auth.Key) error {
	was, err := roster.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return roster.WriteKey(path, key)
	}
	if err != nil {
		return err
	}
	if was != key {
		return fmt.Errorf("the list was made under another access key than %s: make it with that file as its access.key", path)
	}
	return nil
}

// ForgetCodes erases the access data of an election, and gives the space back so
// that nothing of it stays in the database's files.
func ForgetCodes(ctx context.Context, cfg config.Config, election [32]byte) error {
	db, err := database.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *database.Tx) error {
		entries, err := register.In(tx).Forget(election)
		if err != nil {
			return err
		}
		return journal.Append(tx, staff("codes forget", "election %x, %d entries", election, entries))
	})
	if err == nil {
		err = db.Compact(ctx)
	}
	return errors.Join(err, db.Close())
}
