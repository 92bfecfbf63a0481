package node

// NewForeseeing is for tests of what the engine's reactor is handed.
var NewForeseeing = newForeseeing
