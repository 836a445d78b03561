// Package standin is a stand-in for Amazon, for tests, for benchmarks and for development: Login with Amazon, Seller Central's
// consent page, the Appstore, and the Selling Partner API in production and in the sandbox. It is judged by what Amazon documents and
// by what has been seen of it, and speaks HTTP only; its mail side is package mailroom. Nothing in it is real.
//
// [Start] starts one for a test, with a demo seller whose three orders are those that the messages of package mock are about:
//
//	amazon := standin.Start(t, standin.Options{Application: standin.DemoApplication(callback)})
//	refresh := amazon.RefreshToken(standin.DemoSellerID, "EU") // as if the seller had consented
//	endpoints := spapi.Endpoints{Token: amazon.TokenURL(), API: amazon.APIURLs(), Consent: amazon.ConsentBase()}
//
// A program that should run against it uses [New], [Amazon.Listen] and [Amazon.Serve].
//
// # Addresses
//
// One address stands for all of Amazon's: /auth/o2/token for api.amazon.com, /eu/… for sellingpartnerapi-eu.amazon.com, /sandbox/eu/…
// for its sandbox, /seller-central/<host>/… for the hosts of Seller Central, and /appstore. A client that cannot be told other
// addresses uses [Amazon.Transport], which sends what is for Amazon's hosts here.
//
// # Consents
//
// People click at the consent page; tests call [Amazon.Confirm] with the URL that a seller is sent to, and get the one that the seller
// comes back with. [Amazon.Invite] begins in the Appstore. [Amazon.Revoke] withdraws. Tokens are signed and not stored: a stand-in that
// is started again with the same Seed takes those that it gave out before.
//
// # Calls
//
// Every operation has a token bucket a seller, by Amazon's usage plans and the clock. A call beyond it is 429 and is counted:
// [Amazon.MostRefused] is the zero Refusal as long as all callers keep to all buckets. Orders, participations, messages, restricted data
// tokens and notifications are those of [Seller]s, which a test gives, changes ([Amazon.PutSeller], [Amazon.PutOrder]) or makes by a
// function ([Crowd]). The sandbox answers by the static cases of Amazon's models, which [Cases] yields, so that a client can be held
// against each of them.
//
// # Trouble
//
// [Amazon.Break] has calls fail on cue: with a status and a broken body, late, or by a connection that breaks before or after the work
// is done. [Amazon.Skew], [Amazon.Rotate] and [Amazon.SetTokenLife] make tokens unpleasant; [Seller].Missing takes roles away.
package standin
