package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// Env variables of this program begin with it.
const envPrefix = "URNA_"

// envOfOthers begins variables of other programs of the project.
var envOfOthers = []string{"URNA_GATEWAY_", "URNA_TEST_", "URNA_HOME="}

// ErrUnknownKey: the file, the environment or a flag names what is not there.
var ErrUnknownKey = errors.New("unknown key")

// Load reads the file, then the environment (as of os.Environ), then flags by
// key, over the defaults, and validates the outcome.
func Load(file string, environ []string, flags map[string]string) (Config, error) {
	k := koanf.New(".")
	raw, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	parsed, err := toml.Parser().Unmarshal(raw)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration %s: %w", file, err)
	}
	if err := k.Load(confmap.Provider(parsed, ""), nil); err != nil {
		return Config{}, fmt.Errorf("read configuration %s: %w", file, err)
	}
	known := keys()
	for _, key := range k.Keys() {
		kind, ok := known[key]
		if !ok {
			return Config{}, fmt.Errorf("read configuration %s: %w %q", file, ErrUnknownKey, key)
		}
		if err := checkType(key, kind, k.Get(key)); err != nil {
			return Config{}, fmt.Errorf("read configuration %s: %w", file, err)
		}
	}
	over, err := fromEnviron(environ, known)
	if err != nil {
		return Config{}, err
	}
	for key, value := range flags {
		kind, ok := known[key]
		if !ok {
			return Config{}, fmt.Errorf("read flags: %w %q", ErrUnknownKey, key)
		}
		over[key] = split(kind, value)
	}
	if err := k.Load(confmap.Provider(over, "."), nil); err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	mode := k.String("mode")
	cfg := Default(mode)
	if err := k.Unmarshal("", &cfg); err != nil {
		return Config{}, fmt.Errorf("read configuration %s: %w", file, err)
	}
	if err := cfg.Validate(); err != nil {
		return Config{}, fmt.Errorf("check configuration %s: %w", file, err)
	}
	return cfg, nil
}

// checkType refuses a value of another type than the key's: the decoder would
// make 1 of true and of 1.9.
func checkType(key string, kind reflect.Type, value any) error {
	want := "a text in quotes"
	var ok bool
	switch {
	case kind == reflect.TypeFor[time.Duration]():
		want = `a duration in quotes such as "500ms"`
		_, ok = value.(string)
	case kind.Kind() == reflect.String:
		_, ok = value.(string)
	case kind.Kind() == reflect.Bool:
		want = "true or false"
		_, ok = value.(bool)
	case kind.Kind() == reflect.Slice:
		want = `a list such as ["a", "b"]`
		var list []any
		if list, ok = value.([]any); ok {
			ok = !slices.ContainsFunc(list, func(v any) bool { _, text := v.(string); return !text })
		}
	default:
		want = "a whole number"
		_, ok = value.(int64)
	}
	if !ok {
		return fmt.Errorf("%s = %v: want %s", key, value, want)
	}
	return nil
}

func fromEnviron(environ []string, known map[string]reflect.Type) (map[string]any, error) {
	names := map[string]string{}
	for key := range known {
		names[envPrefix+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	over := map[string]any{}
	for _, pair := range environ {
		foreign := func(p string) bool { return strings.HasPrefix(pair, p) }
		if !strings.HasPrefix(pair, envPrefix) || slices.ContainsFunc(envOfOthers, foreign) {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		key, ok := names[name]
		if !ok {
			return nil, fmt.Errorf("read environment: %w %q", ErrUnknownKey, name)
		}
		over[key] = split(known[key], value)
	}
	return over, nil
}

func split(kind reflect.Type, value string) any {
	if kind.Kind() != reflect.Slice {
		return value
	}
	if value == "" {
		return []string{}
	}
	return strings.Split(value, ",")
}

// Keys lists every key with its comment, in the order of the file.
func Keys() [][2]string {
	var all [][2]string
	walk("", reflect.ValueOf(Config{}), func(key string, f reflect.StructField, _ reflect.Value) {
		all = append(all, [2]string{key, f.Tag.Get("doc")})
	})
	return all
}

func keys() map[string]reflect.Type {
	known := map[string]reflect.Type{}
	walk("", reflect.ValueOf(Config{}), func(key string, f reflect.StructField, _ reflect.Value) { known[key] = f.Type })
	return known
}

// walk visits every setting, those outside a section first.
func walk(prefix string, v reflect.Value, visit func(key string, f reflect.StructField, v reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + f.Tag.Get("koanf")
		if f.Type.Kind() == reflect.Struct {
			walk(key+".", v.Field(i), visit)
			continue
		}
		visit(key, f, v.Field(i))
	}
}

// Marshal writes the file: every key with its comment and value.
func (c Config) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString("# Settings of an Urna node. Every key is optional; a key that is not known is an error.\n\n")
	section := ""
	walk("", reflect.ValueOf(c), func(key string, f reflect.StructField, v reflect.Value) {
		if s, name, found := strings.Cut(key, "."); found {
			if s != section {
				section = s
				fmt.Fprintf(&b, "\n[%s]\n", s)
			}
			key = name
		}
		fmt.Fprintf(&b, "# %s\n%s = %s\n", f.Tag.Get("doc"), key, literal(v))
	})
	return b.Bytes()
}

func literal(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return strconv.Quote(x.String())
	case []string:
		quoted := make([]string, len(x))
		for i := range x {
			quoted[i] = strconv.Quote(x[i])
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case string:
		return strconv.Quote(x)
	default:
		return fmt.Sprint(x)
	}
}

// Write writes the file where none is yet.
func (c Config) Write(file string) error {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	f, err := os.OpenFile(filepath.Clean(file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write configuration: %s exists", file)
	}
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	_, err = f.Write(c.Marshal())
	return errors.Join(err, f.Sync(), f.Close())
}
