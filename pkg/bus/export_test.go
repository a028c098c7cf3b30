package bus

import "time"

// SetStall sets how long a durable may have messages and send none.
func (b *Bus) SetStall(d time.Duration) { b.stall = d }
