package standin

// Calls returns how many calls of an operation came for a seller. Operations have Amazon's names, with "sandbox." before them
// in the sandbox, and OperationToken. "" is all operations of the Selling Partner API, or all sellers.
func (a *Amazon) Calls(operation, seller string) int {
	return a.sum(operation, seller, func(m *meter) int { return m.calls })
}

// Refused returns how many of Calls came when the bucket was empty. Those that a [Fault] refused are not among them.
func (a *Amazon) Refused(operation, seller string) int {
	return a.sum(operation, seller, func(m *meter) int { return m.over })
}

// sum adds up what meters say.
func (a *Amazon) sum(operation, seller string, of func(*meter) int) (sum int) {
	a.do(func() {
		if operation != "" && seller != "" {
			if m := a.meters[meterKey{operation, seller}]; m != nil {
				sum = of(m)
			}
			return
		}
		for key, m := range a.meters {
			if (key.seller == seller || seller == "") && (key.operation == operation || operation == "" && key.operation != OperationToken) {
				sum += of(m)
			}
		}
	})
	return sum
}

// Refusal is how often a bucket was found empty.
type Refusal struct {
	Operation, Seller string
	Calls             int // of them all
	Refused           int // for which nothing was left
}

// MostRefused returns the bucket that was asked for too much most often: the zero Refusal when all callers kept to all buckets.
func (a *Amazon) MostRefused() (most Refusal) {
	a.do(func() {
		for key, m := range a.meters {
			if m.over > most.Refused {
				most = Refusal{key.operation, key.seller, m.calls, m.over}
			}
		}
	})
	return most
}

// TokensIssued returns how many access tokens a seller's refresh tokens and codes brought; "" for all sellers together.
func (a *Amazon) TokensIssued(seller string) (n int) {
	a.do(func() {
		n = a.issued[seller]
		if seller == "" {
			for _, one := range a.issued {
				n += one
			}
		}
	})
	return n
}

// Posts returns how many POST requests came for a seller; "" for all of them together.
func (a *Amazon) Posts(seller string) (n int) {
	a.do(func() {
		n = a.posts[seller]
		if seller == "" {
			n = 0
			for _, one := range a.posts {
				n += one
			}
		}
	})
	return n
}
