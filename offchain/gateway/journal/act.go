package journal

import (
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// By is an entry of this moment by the account of the machine under which the
// program runs, told apart by who called sudo (the variable SUDO_USER, "" if
// nobody did).
func By(now time.Time, sudo, action, object string) Entry {
	actor := "unknown account"
	if account, err := user.Current(); err == nil {
		actor = account.Username
	}
	if sudo != "" && sudo != actor {
		actor = fmt.Sprintf("%s (sudo %s)", actor, strings.ToValidUTF8(sudo, "?"))
	}
	return Entry{TimeMS: now.UnixMilli(), Actor: actor, Action: action, Object: object}
}

// Note appends an entry by itself, for an act that leaves nothing in the
// database.
func Note(db *database.DB, e Entry) error {
	return db.Update(func(tx *database.Tx) error { return Append(tx, e) })
}
