package worker

// Inbound lets tests keep the connection of a replica in their hands.
var Inbound = newInbound
