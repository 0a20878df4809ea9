// SPDX-License-Identifier: MIT

// Shows: goroutines on threads of their own: a pipeline over channels, select, locks, conditions,
// thousands at once, and work that is taken from the one that computes without a pause.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

func generate(count int, out chan<- int) {
	for i := 2; i < count; i++ {
		out <- i
	}
	close(out)
}

func filter(prime int, in <-chan int, out chan<- int) {
	for i := range in {
		if i%prime != 0 {
			out <- i
		}
	}
	close(out)
}

// A chain of goroutines, one for each prime found.
func primes(count int) (sum, found int) {
	in := make(chan int)
	go generate(count, in)
	for prime, more := <-in; more; prime, more = <-in {
		sum += prime
		found++
		out := make(chan int)
		go filter(prime, in, out)
		in = out
	}
	return
}

func locked(workers, rounds int) int {
	var lock sync.Mutex
	var all sync.WaitGroup
	counter := 0
	for i := 0; i < workers; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for k := 0; k < rounds; k++ {
				lock.Lock()
				counter++
				lock.Unlock()
			}
		}()
	}
	all.Wait()
	return counter
}

// Spins without a call in it: only a signal can take the thread from it.
func preempted() int64 {
	var stop, spins int64
	done := make(chan bool)
	for i := 0; i < 4; i++ {
		go func() {
			for atomic.LoadInt64(&stop) == 0 {
				for k := 0; k < 100; k++ {
					spins2 := k
					_ = spins2
				}
			}
			atomic.AddInt64(&spins, 1)
			done <- true
		}()
	}
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	atomic.StoreInt64(&stop, 1)
	for i := 0; i < 4; i++ {
		<-done
	}
	return spins
}

func endless() {
	go func() {
		for {
		}
	}()
	runtime.Gosched()
	runtime.GC()
	fmt.Println("collected beside a loop without an end")
}

func selected(count int) (left, right int) {
	a, b, end := make(chan int), make(chan int), make(chan bool)
	send := func(to chan int) {
		for i := 0; i < count; i++ {
			to <- i
		}
		end <- true
	}
	go send(a)
	go send(b)
	for ended := 0; ended < 2; {
		select {
		case i := <-a:
			left += i
		case i := <-b:
			right += i
		case <-end:
			ended++
		}
	}
	return
}

func many(count int) int64 {
	var sum int64
	var all sync.WaitGroup
	gate := make(chan bool)
	for i := 1; i <= count; i++ {
		all.Add(1)
		go func(i int) {
			<-gate
			atomic.AddInt64(&sum, int64(i))
			all.Done()
		}(i)
	}
	close(gate)
	all.Wait()
	return sum
}

// Each goroutine that is bound to its thread makes the runtime start another one.
func onThreads(count int) int {
	var all sync.WaitGroup
	var lock sync.Mutex
	met := 0
	cond := sync.NewCond(&lock)
	for i := 0; i < count; i++ {
		all.Add(1)
		go func() {
			runtime.LockOSThread()
			defer all.Done()
			lock.Lock()
			met++
			cond.Broadcast()
			for met < count {
				cond.Wait()
			}
			lock.Unlock()
		}()
	}
	all.Wait()
	return met
}

func main() {
	runtime.GOMAXPROCS(4)
	sum, found := primes(600)
	fmt.Println("primes", sum, found)
	fmt.Println("locked", locked(16, 500))
	fmt.Println("preempted", preempted())
	left, right := selected(500)
	fmt.Println("selected", left, right)
	fmt.Println("many", many(5000))
	fmt.Println("threads", onThreads(20))
	endless()
}
