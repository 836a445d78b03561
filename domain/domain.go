// Package domain holds the rules of marketplace messaging: what a connection, a message and a ticket are, how a
// buyer's message finds its ticket, and which words a machine must not answer.
//
// It is pure. Nothing here reads a clock, a network, a file or a database: time comes in as an argument, and storing
// is the business of the ports. Start at [Thread] to see how a page of messages becomes tickets, at [safety.FlagText] for the
// safety flags, and at [AutoSend] for the gate before automatic answers.
//
// Entities keep their data behind transitions that can refuse: Connection, SyncState and Ticket are read with State
// and loaded with Restore…, which checks again. Records that never change once written (ExternalMessage,
// TicketMessage, TicketEvent, RejectedMessage) are built by [Thread] and [Screen] only.
package domain
