package main

import (
	"io"
	"net"
)

// join copies both ways until one side ends.
func join(a, b net.Conn) {
	ended := make(chan struct{}, 2)
	copyTo := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // the other side ends with it
		ended <- struct{}{}
	}
	go copyTo(a, b)
	go copyTo(b, a)
	<-ended
}
