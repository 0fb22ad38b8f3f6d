// Reads each file and prints its content as one line of JSON.
package main

import (
	"encoding/json"
	"os"

	"gopkg.in/yaml.v3"
)

func main() {
	output := json.NewEncoder(os.Stdout)
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		check(err)
		var content any
		check(yaml.Unmarshal(text, &content))
		check(output.Encode(content))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
