// Lightweight-process workloads for the Go runtime.
// Usage: bench WORKLOAD   (GOMAXPROCS picks the number of schedulers; QUICK=1 does a tenth)
// Prints one line per metric: go WORKLOAD_sN METRIC VALUE UNIT
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A quick run does a tenth.
var quick = os.Getenv("QUICK") != ""

func full(n int) int {
	if quick {
		return n / 10
	}
	return n
}

func report(workload, metric string, v float64, unit string) {
	fmt.Printf("go %s_s%d %s %.6g %s\n", workload, runtime.GOMAXPROCS(0), metric, v, unit)
}

func nsPer(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / float64(n) }

func rss() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func cpuSeconds() float64 {
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return float64(ru.Utime.Sec+ru.Stime.Sec) + float64(ru.Utime.Usec+ru.Stime.Usec)/1e6
}

func pct(sorted []int64, p float64) float64 {
	return float64(sorted[int(p*float64(len(sorted)-1))])
}

// Lehmer generator: the same cheap sequence in every peer.
type lehmer uint64

func (x *lehmer) next() uint64 {
	*x = *x * 16807 % 2147483647
	return uint64(*x)
}

func spawnExit() {
	n := full(1000000)
	var wg sync.WaitGroup
	t := time.Now()
	wg.Add(n)
	for i := 0; i < n; i++ {
		go wg.Done()
	}
	wg.Wait()
	report("spawn_exit", "ns_per_op", nsPer(time.Since(t), n), "ns")
}

func spawnJoinOne() {
	n := full(1000000)
	done := make(chan struct{})
	t := time.Now()
	for i := 0; i < n; i++ {
		go func() { done <- struct{}{} }()
		<-done
	}
	report("spawn_join_one", "ns_per_op", nsPer(time.Since(t), n), "ns")
}

func parked(name string, n int) {
	boxes := make([]chan int, n)
	for i := range boxes {
		boxes[i] = nil
	}
	var started int64
	var wg sync.WaitGroup
	wg.Add(n)
	before := rss()
	t := time.Now()
	for i := 0; i < n; i++ {
		box := make(chan int, 1)
		boxes[i] = box
		go func() {
			atomic.AddInt64(&started, 1)
			<-box
			wg.Done()
		}()
	}
	for atomic.LoadInt64(&started) != int64(n) {
		runtime.Gosched()
	}
	spawn := time.Since(t)
	time.Sleep(100 * time.Millisecond)
	after := rss()
	t = time.Now()
	for _, box := range boxes {
		box <- 1
	}
	wg.Wait()
	wake := time.Since(t)
	report(name, "rss_per_proc", float64(after-before)/float64(n), "bytes")
	report(name, "spawn_and_park", nsPer(spawn, n), "ns")
	report(name, "wake_and_end", nsPer(wake, n), "ns")
}

func pingpong(name string) {
	n := full(5000000)
	a, b := make(chan int), make(chan int)
	done := make(chan struct{})
	t := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			b <- <-a
		}
	}()
	go func() {
		for i := 0; i < n; i++ {
			a <- i
			<-b
		}
		close(done)
	}()
	<-done
	report(name, "ns_per_message", nsPer(time.Since(t), 2*n), "ns")
}

func yield() {
	n := full(5000000)
	var wg sync.WaitGroup
	wg.Add(2)
	t := time.Now()
	for k := 0; k < 2; k++ {
		go func() {
			for i := 0; i < n; i++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	report("yield", "ns_per_switch", nsPer(time.Since(t), 2*n), "ns")
}

func ring(name string, procs, hops int) {
	done := make(chan struct{})
	first := make(chan int)
	in := first
	node := func(in, out chan int) {
		for {
			tok := <-in
			if tok == 0 {
				close(done)
				return
			}
			out <- tok - 1
		}
	}
	for i := 1; i < procs; i++ {
		out := make(chan int)
		go node(in, out)
		in = out
	}
	go node(in, first)
	time.Sleep(50 * time.Millisecond) // let every node park
	t := time.Now()
	first <- hops
	<-done
	report(name, "ns_per_hop", nsPer(time.Since(t), hops), "ns")
}

type fanMsg struct{ from, value int64 }

func fanin() {
	const producers = 8
	each := int64(full(1000000))
	box := make(chan fanMsg, 1024)
	t := time.Now()
	for p := 0; p < producers; p++ {
		p := int64(p)
		go func() {
			for i := int64(0); i < each; i++ {
				box <- fanMsg{p, i}
			}
		}()
	}
	var sum int64
	for i := int64(0); i < producers*each; i++ {
		sum += (<-box).value
	}
	d := time.Since(t)
	if sum != producers*each*(each-1)/2 {
		panic(sum)
	}
	report("fanin_bounded1024", "messages_per_s", float64(producers*each)/d.Seconds(), "1/s")
}

func skynetNode(c chan<- int, num, size int) {
	if size == 1 {
		c <- num
		return
	}
	rc := make(chan int, 10)
	size /= 10
	for i := 0; i < 10; i++ {
		go skynetNode(rc, num+i*size, size)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-rc
	}
	c <- sum
}

func skynet() {
	c := make(chan int)
	t := time.Now()
	n := full(1000000)
	go skynetNode(c, 0, n)
	sum := <-c
	d := time.Since(t)
	if sum != n*(n-1)/2 {
		panic(sum)
	}
	report("skynet", "total", float64(d.Microseconds())/1000, "ms")
}

const (
	msgPing = iota
	msgPong
	msgExit
)

type bigMsg struct{ kind, from int }

func big() {
	const actors = 120
	pings := full(20000)
	boxes := make([]chan bigMsg, actors)
	for i := range boxes {
		// One ping per peer, one pong and the exit: a send can never block.
		boxes[i] = make(chan bigMsg, 2*actors)
	}
	sink := make(chan int, actors)
	var wg sync.WaitGroup
	wg.Add(actors)
	t := time.Now()
	for i := 0; i < actors; i++ {
		go func(self int) {
			defer wg.Done()
			rnd := lehmer(self + 1)
			sent := 0
			ping := func() {
				to := int(rnd.next() % (actors - 1))
				if to >= self {
					to++
				}
				sent++
				boxes[to] <- bigMsg{msgPing, self}
			}
			ping()
			for m := range boxes[self] {
				switch m.kind {
				case msgPing:
					boxes[m.from] <- bigMsg{msgPong, self}
				case msgPong:
					if sent < pings {
						ping()
					} else {
						sink <- self
					}
				case msgExit:
					return
				}
			}
		}(i)
	}
	for i := 0; i < actors; i++ {
		<-sink
	}
	for _, b := range boxes {
		b <- bigMsg{kind: msgExit}
	}
	wg.Wait()
	d := time.Since(t)
	report("big", "messages_per_s", float64(2*actors*pings)/d.Seconds(), "1/s")
}

func timers() {
	n := full(1000000)
	late := make([]int64, n)
	rnd := lehmer(42)
	var wg sync.WaitGroup
	wg.Add(n)
	t := time.Now()
	for i := 0; i < n; i++ {
		d := time.Duration(1+rnd.next()%1000) * time.Millisecond
		go func(i int) {
			t0 := time.Now()
			time.Sleep(d)
			late[i] = int64(time.Since(t0) - d)
			wg.Done()
		}(i)
	}
	spawned := time.Since(t)
	wg.Wait()
	wall := time.Since(t)
	sum := int64(0)
	for _, l := range late {
		sum += l
	}
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	report("timers", "spawn_loop", float64(spawned.Microseconds())/1000, "ms")
	report("timers", "wall", float64(wall.Microseconds())/1000, "ms")
	report("timers", "late_mean", float64(sum)/float64(n)/1e6, "ms")
	report("timers", "late_p99", pct(late, 0.99)/1e6, "ms")
}

var hogSink uint64

func fairness() {
	n := full(200)
	late := make([]int64, 0, n)
	go func() {
		x := uint64(1)
		for x != 0 {
			x = x*6364136223846793005 | 1
		}
		hogSink = x
	}()
	for i := 0; i < n; i++ {
		t0 := time.Now()
		time.Sleep(time.Millisecond)
		late = append(late, int64(time.Since(t0)-time.Millisecond))
	}
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	report("fairness", "late_p50", pct(late, 0.5)/1e6, "ms")
	report("fairness", "late_p99", pct(late, 0.99)/1e6, "ms")
}

func idleCPU() {
	n := full(10000)
	boxes := make([]chan int, n)
	for i := range boxes {
		box := make(chan int, 1)
		boxes[i] = box
		go func() { <-box }()
	}
	time.Sleep(500 * time.Millisecond)
	c0 := cpuSeconds()
	parts := 1 // of five seconds
	if quick {
		parts = 5
	}
	time.Sleep(5 * time.Second / time.Duration(parts))
	report("idle_cpu", "cpu_in_5s", 1000*float64(parts)*(cpuSeconds()-c0), "ms")
	runtime.KeepAlive(boxes)
}

// Prints its port, and sends back what it is sent, a goroutine a connection.
func echo() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer c.Close()
			buf := make([]byte, 1024)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				if _, err = c.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// How late moments (8 bytes, nanoseconds of the wall clock) are read from a pipe.
func wakeup() {
	syscall.SetNonblock(0, true)
	in := os.NewFile(0, "stdin")
	var late []int64
	var stamp [8]byte
	for {
		if _, err := io.ReadFull(in, stamp[:]); err != nil {
			break
		}
		late = append(late, time.Now().UnixNano()-int64(binary.LittleEndian.Uint64(stamp[:])))
	}
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	report("wakeup_latency", "p50", pct(late, 0.5)/1e3, "us")
	report("wakeup_latency", "p99", pct(late, 0.99)/1e3, "us")
}

func main() {
	switch w := os.Args[1]; w {
	case "spawn_exit":
		spawnExit()
	case "spawn_join_one":
		spawnJoinOne()
	case "parked_memory_1m":
		parked(w, full(1000000))
	case "parked_memory_100k":
		parked(w, full(100000))
	case "pingpong_same", "pingpong_cross":
		pingpong(w)
	case "yield":
		yield()
	case "ring_503":
		ring(w, 503, full(5000000))
	case "ring_100k":
		ring(w, 100000, full(2000000))
	case "fanin":
		fanin()
	case "skynet":
		skynet()
	case "big":
		big()
	case "timers":
		timers()
	case "fairness":
		fairness()
	case "idle_cpu":
		idleCPU()
	case "echo":
		echo()
	case "wakeup_latency":
		wakeup()
	default:
		fmt.Fprintln(os.Stderr, "unknown workload", w)
		os.Exit(2)
	}
}
