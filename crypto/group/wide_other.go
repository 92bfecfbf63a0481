//go:build !amd64 || purego

package group

// lanesAtOnce is how many encodings are decoded together.
const lanesAtOnce = 8

func decodeSome(into []Point, b []byte) (good int) { return decodeSingly(into, b) }

func sumWide([]Scalar, []*Point) (Point, bool) { return Point{}, false }

func encodeSome(points []*Point) { encodeSingly(points) }
