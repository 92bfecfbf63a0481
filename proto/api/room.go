package api

// RoomTicketHeader carries an admitted ticket with a request that begins a log-in.
const RoomTicketHeader = "Room-Ticket"

// RoomPlace is a place in the waiting room. POST /v1/room takes a ticket,
// GET /v1/room/{ticket} asks for its place.
type RoomPlace struct {
	// Ticket goes into the header Room-Ticket once it is admitted.
	Ticket   string `json:"ticket"`
	Admitted bool   `json:"admitted"`
	// Ahead is how many are admitted until it is this ticket's turn, itself
	// included; EstimateS about how many seconds that takes.
	Ahead     int64 `json:"ahead"`
	EstimateS int64 `json:"estimate_s"`
	// AskAgainS: after so many seconds asking again tells something new.
	AskAgainS int64 `json:"ask_again_s"`
	// LeftS: seconds for which an admitted ticket opens log-in.
	LeftS int64 `json:"left_s,omitempty"`
}
