package arch

import "strings"

// Module is the module's path.
const Module = "github.com/urna-vote/urna"

// Rule says what packages may import besides the standard library. Patterns
// are paths within the module ("x/ledger") or full paths of other modules; a
// trailing "/..." takes everything below too. The first rule that matches a
// package applies; a package without a rule may not exist.
type Rule struct {
	Packages string
	May      []string
	// Why, for whoever meets the refusal.
	Why string
}

// Libraries that any package may use.
var everywhere = []string{"golang.org/x/sync/..."}

var (
	curve    = []string{"github.com/oasisprotocol/curve25519-voi/...", "github.com/cloudflare/circl/..."}
	protobuf = "github.com/cosmos/gogoproto/..."
	engine   = "github.com/cometbft/cometbft/..."
	// Generated messages of the engine's headers and commits, and their tree.
	engineWire = []string{"github.com/cometbft/cometbft/proto/tendermint/...", "github.com/cometbft/cometbft/crypto/merkle"}
	pebble     = "github.com/cockroachdb/pebble/v2/..."
	terminal   = []string{"github.com/spf13/cobra", "golang.org/x/term", "github.com/schollz/progressbar/v3"}
	config     = []string{"github.com/knadh/koanf/..."}
)

// xTypes are the modules' types without their keepers.
var xTypes = []string{
	"x/ledger", "x/envelope", "x/chainid",
	"x/commission", "x/election", "x/roll", "x/issuance", "x/ceremony", "x/ballot", "x/tally",
}

// Table is the import table of docs/adr/0001-layout.md.
var Table = []Rule{
	{"crypto/...", join(curve, []string{"crypto/...", "golang.org/x/crypto/...", "golang.org/x/sys/cpu", "lukechampine.com/blake3/...", "github.com/transparency-dev/...", "golang.org/x/mod/sumdb/note"}),
		"cryptography knows no election, no message format, no file and no clock"},
	{"proto/api", nil, "the shapes of the public API depend on nothing"},
	{"x/ledger/ledgertest", []string{"x/ledger"}, "an in-memory state for tests"},
	{"x/ledger", nil, "the contract with modules knows no module and no database"},
	{"x/chainid", nil, "the rule that names a chain"},
	{"x/envelope", []string{"x/ledger", "proto/urna/...", "crypto/..."}, "the envelope of transactions"},
	{"x/*/keeper", join(xTypes, []string{"proto/urna/...", "crypto/..."}),
		"a keeper asks other modules through interfaces it declares itself"},
	{"x/*", join(xTypes, []string{"proto/urna/...", "crypto/..."}), "a module's types know no store, application or engine"},
	{"app/store", []string{pebble, "x/ledger", "crypto/lthash", "crypto/merkle"}, "the store does not know what keys mean"},
	{"app/mempool", []string{"app/txn", "x/ledger", "x/envelope"}, "what waits for a block decides none and knows no message"},
	{"app/foresee", []string{"app/txn"}, "what is verified before its turn decides nothing and knows no message"},
	{"app/...", join(xTypes, []string{"x/*/keeper", "app/...", "proto/urna/...", "crypto/...", "x/ledger",
		"github.com/cometbft/cometbft/abci/types", "github.com/cometbft/cometbft/proto/tendermint/...", "github.com/cometbft/cometbft/libs/fail",
		"github.com/cockroachdb/pebble/v2/vfs"}),
		"the application knows neither its node's role nor the wall clock"},
	{"node/enginedb", []string{pebble, "github.com/cometbft/cometbft-db", "github.com/cometbft/cometbft/config"}, "the engine's stores on Pebble"},
	{"node/...", join(config, xTypes, []string{"node/...", "app", "app/genesis", "app/mempool", "app/version", "app/store", "x/*/keeper", "proto/...", "crypto/...", engine, "github.com/cometbft/cometbft-db",
		"github.com/danielgtaylor/huma/v2/...", "github.com/prometheus/client_golang/...", "github.com/transparency-dev/...", "golang.org/x/mod/sumdb/note", protobuf, "golang.org/x/time/rate", "internal/connections", "internal/wholefile"}),
		"a node runs the application; it holds no trustee's or issuer's key"},
	{"offchain/chain/chaintest", []string{engine, "offchain/chain", "proto/api", "x/chainid"}, "signed heads for tests"},
	{"offchain/chain", join(engineWire, xTypes, []string{"proto/...", "crypto/...", protobuf}), "headers and commits without the engine"},
	{"offchain/client", join(xTypes, []string{"offchain/chain", "proto/...", "crypto/..."}), "the public API as a client sees it"},
	{"offchain/keyfile", []string{"crypto/sign", "internal/wholefile"}, "a signing key in a file"},
	{"offchain/slip", []string{"crypto/transcript"}, "what a voter is handed"},
	{"offchain/terminal", terminal, "what people see in a terminal"},
	{"offchain/audit/replay", join(engineWire, []string{"app", "offchain/audit/record", "offchain/chain", "github.com/cometbft/cometbft/abci/types"}),
		"a replay runs the application over a record; it is no second opinion"},
	{"offchain/audit/...", join(xTypes, engineWire, []string{"offchain/audit/record", "offchain/audit/table", "offchain/audit/verify", "offchain/chain", "offchain/client", "proto/...", "crypto/...", protobuf, "internal/wholefile"}),
		"a verifier does not share the code it verifies: no keeper, no application"},
	{"offchain/gateway/login/...", []string{"offchain/gateway/login", "github.com/coreos/go-oidc/v3/oidc", "golang.org/x/oauth2", "github.com/smallstep/pkcs7"},
		"who asks at a portal does not know what for"},
	{"offchain/gateway/electors", []string{"offchain/gateway/database/...", "offchain/gateway/vault", "golang.org/x/text/..."},
		"the voter register knows no account, phone, entry or token"},
	{"offchain/gateway/applications/confirmation", []string{"codeberg.org/go-pdf/fpdf", "golang.org/x/image/font/gofont/..."},
		"a document of given data knows no register and no clock"},
	{"offchain/gateway/hsm", []string{"offchain/gateway/keyring", "crypto/blindtoken", "github.com/miekg/pkcs11"},
		"a hardware module holds keys and knows no request"},
	{"offchain/gateway/sms", []string{"offchain/gateway/notice", "github.com/linxGnu/gosmpp/...", "golang.org/x/time/rate"},
		"a channel knows messages and its provider, and nothing of elections"},
	{"offchain/gateway/mail", []string{"offchain/gateway/notice", "github.com/wneessen/go-mail"},
		"a channel knows messages and its provider, and nothing of elections"},
	{"offchain/gateway/notice", nil, "the queue knows messages and no provider"},
	{"offchain/gateway/...", join(config, []string{"offchain/gateway/...", "offchain/slip", "offchain/keyfile", "offchain/chain", "offchain/client", "offchain/terminal", "x/ledger", "x/envelope", "x/issuance", "x/election", "x/roll", "proto/...",
		"crypto/blindtoken", "crypto/sign", "crypto/transcript", "crypto/merkle", "modernc.org/sqlite/...", "github.com/pressly/goose/v3", "github.com/jackc/pgx/v5/...", "filippo.io/age/...", "golang.org/x/time/rate",
		"github.com/danielgtaylor/huma/v2/...", "golang.org/x/text/language", "github.com/prometheus/client_golang/...", "internal/connections", "internal/processor", "internal/wholefile"}),
		"a gateway knows the person and never the ballot"},
	{"offchain/trustee/...", join(xTypes, terminal, []string{"offchain/trustee/...", "offchain/keyfile", "offchain/chain", "offchain/client", "offchain/terminal", "offchain/audit/record", "offchain/audit/verify", "proto/...", "crypto/...", "filippo.io/age/...", "internal/wholefile"}),
		"a trustee has no listening socket, no node and no gateway"},
	{"offchain/commission", join(xTypes, []string{"offchain/chain", "offchain/client", "offchain/terminal", "proto/...", "crypto/..."}), "the commission's acts"},
	{"offchain/voter/...", join(xTypes, []string{"offchain/voter/...", "offchain/slip", "offchain/chain", "offchain/client", "offchain/terminal", "proto/...", "crypto/...", "internal/wholefile"}),
		"the voter's side knows no engine and stores no choice"},
	{"cmd/urnad", join(terminal, config, []string{"node/...", "app/genesis", "x/chainid", "testnet/...", "offchain/audit/record", "offchain/audit/replay", "proto/...", "crypto/sign", engine, "internal/wholefile"}), "a node"},
	{"cmd/urna-gateway", join(terminal, config, []string{"offchain/gateway/...", "offchain/slip", "offchain/keyfile", "offchain/chain", "offchain/client", "offchain/terminal", "crypto/sign", "proto/..."}), "an issuer's gateway"},
	{"cmd/urna", join(terminal, xTypes, []string{"offchain/audit/...", "offchain/chain", "offchain/client", "offchain/commission", "offchain/gateway/texts", "offchain/keyfile", "offchain/slip", "offchain/terminal", "offchain/trustee/...", "offchain/voter/...", "proto/...", "crypto/sign", "crypto/merkle"}),
		"what a trustee or voter reviews contains no engine and no server, of a gateway its words only"},
	{"testnet/...", []string{"..."}, "test networks may use everything"},
	{"internal/sample", []string{"x/...", "proto/urna/...", "crypto/..."}, "a small election in memory for tests"},
	{"internal/connections", nil, "a bounded listener knows no request"},
	{"internal/processor", nil, "who measures knows nothing of what is measured"},
	{"internal/wholefile", nil, "who writes files whole does not know what they hold"},
	{"internal/...", []string{"internal/...", "golang.org/x/tools/..."}, "checks of this tree"},
}

// Find returns the rule of a package given by its path within the module.
func Find(pkg string) (Rule, bool) {
	for _, r := range Table {
		if match(r.Packages, pkg) {
			return r, true
		}
	}
	return Rule{}, false
}

// Allows reports whether a package under this rule may import another. Paths
// of the module itself are given within it.
func (r Rule) Allows(imported string, own bool) bool {
	if !own && !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
		return true // the standard library
	}
	for _, p := range append(append([]string{}, r.May...), everywhere...) {
		if p == "..." || match(p, imported) {
			return true
		}
	}
	return false
}

// match compares a pattern, in which "*" is one path element and a trailing
// "/..." everything at and below it.
func match(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, w := range want {
		if w == "..." {
			return true
		}
		if i >= len(got) || (w != "*" && w != got[i]) {
			return false
		}
	}
	return len(want) == len(got)
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
