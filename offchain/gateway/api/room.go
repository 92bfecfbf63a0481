package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/room"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// Room is the part of the waiting room.
type Room struct {
	Room *room.Room
}

// How often a place is asked for: a tenth of the time that is left, within these.
const (
	askSoonest = time.Second
	askLatest  = 15 * time.Second
)

// Register adds the routes.
func (p Room) Register(f *Frame) {
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/room", ID: "room-join", Summary: "Take a ticket of the waiting room",
		Refusals: []*texts.Kind{texts.RoomFull}}, p.join)
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/room/{ticket}", ID: "room-place", Summary: "The place of a ticket",
		Refusals: []*texts.Kind{texts.RoomTicket}}, p.where)
}

func (p Room) join(ctx context.Context, _ *none) (*Answer[api.RoomPlace], error) {
	ticket, at, err := p.Room.Join(ctx)
	switch {
	case errors.Is(err, room.ErrFull):
		return nil, Refuse(texts.RoomFull, "", "%s", err).After(time.Minute)
	case err != nil:
		return nil, err
	}
	return placed(ticket, at), nil
}

type ticketInput struct {
	Ticket string `path:"ticket" maxLength:"64"`
}

func (p Room) where(_ context.Context, in *ticketInput) (*Answer[api.RoomPlace], error) {
	at, err := p.Room.Where(in.Ticket)
	if err != nil {
		return nil, Refuse(texts.RoomTicket, "ticket", "%s", room.ErrTicket)
	}
	return placed(in.Ticket, at), nil
}

func placed(ticket string, at room.Place) *Answer[api.RoomPlace] {
	seconds := func(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }
	again := min(max(at.Estimate/10, askSoonest), askLatest)
	return &Answer[api.RoomPlace]{api.RoomPlace{
		Ticket: ticket, Admitted: at.Admitted, Ahead: at.Ahead, EstimateS: seconds(at.Estimate), AskAgainS: seconds(again), LeftS: seconds(at.Left),
	}}
}
