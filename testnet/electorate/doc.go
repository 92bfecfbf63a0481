// Package electorate makes the voters of a trial election from published data:
// who votes in which territory, and for what, so that the right result is known
// beforehand. Sources: the remote vote of Moscow, September 2021 (counted votes
// of 15 districts), the mayor of Minneapolis, 2013 (80,101 ballots), or any
// file of ballots in the layout of the latter. See docs/DEVELOPERS.md.
package electorate
