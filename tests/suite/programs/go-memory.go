// SPDX-License-Identifier: MIT

// Shows: Go's memory: large reserved ranges, collections while goroutines allocate and hold,
// growing stacks, big blocks that come and go, what is given back to the kernel, finalizers.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

type tree struct {
	left, right *tree
	value       int
}

func build(depth int) *tree {
	if depth == 0 {
		return &tree{value: 1}
	}
	return &tree{build(depth - 1), build(depth - 1), 1}
}

func (t *tree) sum() int {
	if t == nil {
		return 0
	}
	return t.value + t.left.sum() + t.right.sum()
}

func churn(worker int) int {
	keep := build(10)
	total := 0
	for i := 0; i < 20; i++ {
		total += build(8).sum()
	}
	return total + keep.sum()
}

func deep(n int) int {
	var block [128]byte
	block[n%128] = byte(n)
	if n == 0 {
		return int(block[0])
	}
	return deep(n-1) + int(block[n%128])/255 + 1
}

func bigBlocks() (sum int) {
	for i := 0; i < 10; i++ {
		block := make([]byte, 4<<20)
		for k := 0; k < len(block); k += 4096 {
			block[k] = 1
		}
		for _, b := range block {
			sum += int(b)
		}
	}
	return
}

func maps() int {
	numbers := map[string]int{}
	for i := 0; i < 5000; i++ {
		numbers[fmt.Sprint(i*7919%5003)] += i
	}
	sum := 0
	for _, value := range numbers {
		sum += value
	}
	return sum + len(numbers)
}

func finalized() int {
	count := make(chan bool, 100)
	for i := 0; i < 100; i++ {
		runtime.SetFinalizer(&tree{value: i}, func(*tree) { count <- true })
	}
	seen := 0
	for seen < 90 {
		runtime.GC()
		for len(count) > 0 {
			<-count
			seen++
		}
		runtime.Gosched()
	}
	return seen / 90
}

func main() {
	runtime.GOMAXPROCS(4)
	debug.SetGCPercent(20)
	var all sync.WaitGroup
	sums := make([]int, 8)
	for i := range sums {
		all.Add(1)
		go func(i int) {
			sums[i] = churn(i)
			all.Done()
		}(i)
	}
	all.Wait()
	fmt.Println("trees", sums)
	depths := make(chan int)
	for i := 0; i < 8; i++ {
		go func(i int) { depths <- deep(3000) }(i)
	}
	sum := 0
	for i := 0; i < 8; i++ {
		sum += <-depths
	}
	fmt.Println("stacks", sum)
	fmt.Println("big blocks", bigBlocks())
	fmt.Println("maps", maps())
	debug.FreeOSMemory()
	fmt.Println("and again", bigBlocks())
	fmt.Println("finalized", finalized())
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("collected", stats.NumGC > 10)
}
