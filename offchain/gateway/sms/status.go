package sms

import (
	"errors"
	"fmt"
	"strings"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/urna-vote/urna/offchain/gateway/notice"
)

var (
	errNotBound  = errors.New("send SMS: the centre is not connected")
	errLost      = errors.New("send SMS: the connection was lost before the centre answered")
	errNoAnswer  = errors.New("send SMS: the centre did not answer in time")
	errThrottled = errors.New("send SMS: the centre takes no more for now")
)

// judge turns a command_status into what the sender does next: nil is taken,
// errThrottled slows down, a notice.Refusal is final, all others are tried again.
func judge(status data.CommandStatusType) error {
	switch status {
	case data.ESME_ROK:
		return nil
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL:
		return errThrottled
	case data.ESME_RINVDSTADR, data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI:
		return &notice.Refusal{Reason: notice.BadAddress}
	case data.ESME_RINVMSGLEN, data.ESME_RINVSRCADR, data.ESME_RINVSRCTON, data.ESME_RINVSRCNPI,
		data.ESME_RINVESMCLASS, data.ESME_RINVEXPIRY, data.ESME_RX_P_APPN, data.ESME_RX_R_APPN,
		data.ESME_RPROVNOTALLWD, data.ESME_RINVPARAM:
		return &notice.Refusal{Reason: notice.Rejected}
	}
	return fmt.Errorf("send SMS: the centre answered status 0x%08X", uint32(status))
}

// message_state of SMPP 3.4, section 5.2.28, and the words of its appendix B.
var finalStates = map[byte]bool{2: true, 3: false, 4: false, 5: false, 7: false, 8: false}

var finalWords = map[string]bool{
	"DELIVRD": true, "EXPIRED": false, "DELETED": false, "UNDELIV": false, "UNKNOWN": false, "REJECTD": false,
}

// report is what a delivery receipt says.
type report struct {
	id        string
	delivered bool
}

// parseReceipt reads a delivery receipt: the optional parameters if there are
// any, else the text that most centres use. ok is false for a message of a
// person, for an intermediate state, and for what is not understood.
func parseReceipt(p *pdu.DeliverSM) (r report, ok bool) {
	const receiptBits = 0x3c
	if p.EsmClass&receiptBits != data.SM_SMSC_DLV_RCPT_TYPE {
		return r, false
	}
	text, err := p.Message.GetMessage()
	if err != nil {
		text = ""
	}
	if f, has := p.OptionalParameters[pdu.TagReceiptedMessageID]; has {
		r.id = strings.TrimRight(f.String(), "\x00")
	} else {
		r.id = field(text, "id:")
	}
	if f, has := p.OptionalParameters[pdu.TagMessageStateOption]; has && len(f.Data) == 1 {
		r.delivered, ok = finalStates[f.Data[0]]
	} else {
		r.delivered, ok = finalWords[field(text, "stat:")]
	}
	return r, ok && r.id != ""
}

// field is the word after a name in a receipt's text.
func field(text, name string) string {
	_, rest, found := strings.Cut(text, name)
	if !found {
		return ""
	}
	word, _, _ := strings.Cut(rest, " ")
	return word
}
