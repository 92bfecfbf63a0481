package runner

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/manifest"
)

// Spec of a network to run.
type Spec struct {
	// Binary is the built urnad.
	Binary string
	// Dir of the network. One that holds a network already is run as it is.
	Dir string
	// Manifest of a network to be written.
	Manifest manifest.Manifest
	// Ready is how long a node may take until it answers; 60 s if 0.
	Ready time.Duration
	// Detach lets nodes go on when this program ends without Stop.
	Detach bool
	// Grace is how long a node may take to stop; 20 s if 0.
	Grace time.Duration
	// Idle is how many of the last nodes are written but not started; Restart
	// starts them.
	Idle int
	// Args of every node besides its home.
	Args []string
}

// Network of running nodes.
type Network struct {
	ChainID string
	Dir     string
	spec    Spec
	nodes   []*Node
	client  *http.Client
}

// Node of the network.
type Node struct {
	manifest.Node
	// APIURL is the base of its public API.
	APIURL string

	spec *Spec
	mu   sync.Mutex
	// process is nil while the node is stopped.
	process *process
}

// Start writes the network, unless it is there, runs it and waits until every
// node answers. On an error nothing keeps running.
func Start(ctx context.Context, spec Spec) (_ *Network, err error) {
	if spec.Ready == 0 {
		spec.Ready = 60 * time.Second
	}
	if spec.Grace == 0 {
		spec.Grace = 20 * time.Second
	}
	written, err := manifest.Load(spec.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		written, err = manifest.Write(ctx, spec.Dir, spec.Manifest, rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("start network: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(spec.Dir, "logs"), 0o755); err != nil {
		return nil, fmt.Errorf("start network: %w", err)
	}
	n := &Network{ChainID: written.ChainID, Dir: spec.Dir, spec: spec, client: &http.Client{Timeout: 5 * time.Second}}
	for _, node := range written.Nodes {
		n.nodes = append(n.nodes, &Node{Node: node, APIURL: node.APIURL(), spec: &n.spec})
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Stop())
		}
	}()
	first := n.nodes[:max(0, len(n.nodes)-spec.Idle)]
	for _, node := range first {
		if err := node.start(); err != nil {
			return nil, err
		}
	}
	for _, node := range first {
		if err := n.waitReady(ctx, node); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// Node is the i-th: validators first, then observers.
func (n *Network) Node(i int) *Node { return n.nodes[i] }

// Len is the number of nodes.
func (n *Network) Len() int { return len(n.nodes) }

// Genesis is the file of the chain.
func (n *Network) Genesis() string { return filepath.Join(n.Dir, "genesis.json") }

// URLs are the public APIs of all nodes.
func (n *Network) URLs() []string {
	urls := make([]string, len(n.nodes))
	for i := range n.nodes {
		urls[i] = n.nodes[i].APIURL
	}
	return urls
}

// Kill9 ends a node without warning, as power loss would, and waits for its end.
func (n *Network) Kill9(i int) error { return n.nodes[i].end(true) }

// Terminate asks a node to stop and waits for its end.
func (n *Network) Terminate(i int) error { return n.nodes[i].end(false) }

// Restart runs a stopped node again and waits until it answers.
func (n *Network) Restart(ctx context.Context, i int) error {
	if err := n.nodes[i].start(); err != nil {
		return err
	}
	return n.waitReady(ctx, n.nodes[i])
}

// Stop ends all nodes: asks first, and kills those that do not heed it.
func (n *Network) Stop() error {
	errs := make([]error, len(n.nodes))
	var wg sync.WaitGroup
	for i := range n.nodes {
		wg.Go(func() { errs[i] = n.nodes[i].end(false) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Status asks a node for its state.
func (n *Network) Status(ctx context.Context, i int) (api.Status, error) {
	var s api.Status
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.nodes[i].APIURL+"/v1/status", nil)
	if err != nil {
		return s, fmt.Errorf("ask %s: %w", n.nodes[i].Name, err)
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return s, fmt.Errorf("ask %s: %w", n.nodes[i].Name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("ask %s: %s", n.nodes[i].Name, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return s, fmt.Errorf("ask %s: %w", n.nodes[i].Name, err)
	}
	return s, nil
}

// WaitHeight waits until every running node has committed a height.
func (n *Network) WaitHeight(ctx context.Context, height int64) error {
	for i, node := range n.nodes {
		for !node.stopped() {
			s, err := n.Status(ctx, i)
			if err == nil && s.Height >= height {
				break
			}
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return fmt.Errorf("wait for height %d: %s stands at %d: %w", height, node.Name, s.Height, err)
			}
		}
	}
	return nil
}

func (n *Network) waitReady(ctx context.Context, node *Node) error {
	ctx, cancel := context.WithTimeout(ctx, n.spec.Ready)
	defer cancel()
	for {
		if n.answers(ctx, node) {
			return nil
		}
		if node.stopped() {
			return fmt.Errorf("start %s: it ended by itself; the end of its log:\n%s", node.Name, node.tail())
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("start %s: it did not answer in %s: %w; the end of its log:\n%s", node.Name, n.spec.Ready, err, node.tail())
		}
	}
}

func (n *Network) answers(ctx context.Context, node *Node) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, node.APIURL+"/v1/health", nil)
	if err != nil {
		return false
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
