// SPDX-License-Identifier: MIT

// Shows: Go programs and the kernel: timers and tickers, signals, pipes and the poller with
// deadlines, files, child processes, the environment, panics and the status at the end.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

func timers() {
	ran := make(chan int, 3)
	for _, ms := range []int{30, 10, 20} {
		ms := ms
		time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { ran <- ms })
	}
	fmt.Println("timers", <-ran+<-ran+<-ran)
	ticker := time.NewTicker(2 * time.Millisecond)
	for i := 0; i < 5; i++ {
		<-ticker.C
	}
	ticker.Stop()
	select {
	case <-time.After(5 * time.Millisecond):
		fmt.Println("time limit")
	case <-make(chan bool):
	}
	before := time.Now()
	time.Sleep(3 * time.Millisecond)
	fmt.Println("not early", time.Since(before) >= 3*time.Millisecond)
}

func signals() {
	got := make(chan os.Signal, 10)
	signal.Notify(got, syscall.SIGUSR1, syscall.SIGTERM)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal", <-got)
	for i := 0; i < 20; i++ {
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		<-got
	}
	signal.Stop(got)
	signal.Ignore(syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println("ignored")
}

func fault() (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	var nowhere *int
	*nowhere = 1
	return "not reached"
}

// Readers wait in the poller, not in threads of their own.
func pipes() {
	var all sync.WaitGroup
	var lock sync.Mutex
	var lines []string
	for i := 0; i < 10; i++ {
		reader, writer, err := os.Pipe()
		if err != nil {
			fmt.Println(err)
			return
		}
		all.Add(2)
		go func() {
			defer all.Done()
			scanner := bufio.NewScanner(reader)
			for scanner.Scan() {
				lock.Lock()
				lines = append(lines, scanner.Text())
				lock.Unlock()
			}
			reader.Close()
		}()
		go func(i int) {
			defer all.Done()
			for k := 0; k < 20; k++ {
				fmt.Fprintf(writer, "%d from %d\n", k, i)
			}
			writer.Close()
		}(i)
	}
	all.Wait()
	sort.Strings(lines)
	fmt.Println("lines", len(lines), lines[0], lines[len(lines)-1])
	reader, writer, _ := os.Pipe()
	reader.SetReadDeadline(time.Now().Add(3 * time.Millisecond))
	_, err := reader.Read(make([]byte, 1))
	fmt.Println("deadline", errors.Is(err, os.ErrDeadlineExceeded))
	go func() {
		time.Sleep(time.Millisecond)
		reader.Close()
	}()
	reader.SetReadDeadline(time.Time{})
	_, err = reader.Read(make([]byte, 1))
	fmt.Println("closed under a reader", errors.Is(err, os.ErrClosed))
	writer.Close()
}

func files() {
	os.MkdirAll("a/b/c", 0755)
	for i := 0; i < 5; i++ {
		name := filepath.Join("a/b", fmt.Sprintf("file%d", i))
		os.WriteFile(name, []byte(strings.Repeat("x", i*1000)), 0644)
	}
	total := int64(0)
	filepath.Walk("a", func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			total += info.Size()
		}
		return err
	})
	fmt.Println("files", total)
	_, err := os.Open("a/none")
	fmt.Println(err)
	fmt.Println("removed", os.RemoveAll("a"))
}

func children() {
	var all sync.WaitGroup
	outputs := make([]string, 6)
	for i := range outputs {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			text, err := exec.Command("/bin/sh", "-c", fmt.Sprintf("echo child %d; exit %d", i, i)).Output()
			outputs[i] = fmt.Sprint(strings.TrimSpace(string(text)), " ", err)
		}(i)
	}
	all.Wait()
	fmt.Println(strings.Join(outputs, "\n"))
	sorter := exec.Command("/bin/sort")
	input, _ := sorter.StdinPipe()
	output, _ := sorter.StdoutPipe()
	sorter.Start()
	io.WriteString(input, "pear\napple\nfig\n")
	input.Close()
	text, _ := io.ReadAll(output)
	fmt.Println(strings.Fields(string(text)), sorter.Wait())
	sleeper := exec.Command("/bin/sleep", "1000")
	sleeper.Start()
	sleeper.Process.Kill()
	fmt.Println(sleeper.Wait())
}

func main() {
	timers()
	signals()
	fmt.Println(fault())
	pipes()
	files()
	children()
	fmt.Println(os.Getenv("HOME"), len(os.Args))
	os.Exit(17)
}
