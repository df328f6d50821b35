// Package engine is the verbs of ordersync. Two of them do the work:
//
//   - [Engine.Tick] looks what is due and says which connections to work on;
//     it also finishes and settles runs, whoever began them.
//   - [Engine.Work] claims one connection, reads what Amazon has of it and
//     commits page by page until all is done, something must wait, or its time
//     is up.
//
// Both are pure over the store: nothing that matters is kept in memory, any
// process may call them for any connection at any time, and a crash between two
// calls loses nothing. The rest are the acts of users: [Engine.StartRun],
// [Engine.CancelRun], [Engine.Import], [Engine.Pause], [Engine.Resume],
// [Engine.Set], [Engine.Remove], [Engine.Backfill], [Engine.ImportOne],
// [Engine.Explain], [Engine.NewKey]; of sellers: [Engine.StartConsent],
// [Engine.OpenConsent], [Engine.FinishConsent], [Engine.BeginLogin],
// [Engine.ConfirmConsent], [Engine.Disconnect]; and of who keeps an installation:
// [Engine.Reseal], [Engine.MoveTokens], [Engine.Diagnose],
// [Engine.RotateClientSecret], [Engine.ReadNotifications].
package engine
