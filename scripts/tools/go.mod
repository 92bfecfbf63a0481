module github.com/urna-vote/urna/scripts/tools

go 1.26.0

tool github.com/cosmos/gogoproto/protoc-gen-gocosmos

require (
	github.com/bufbuild/protocompile v0.14.1
	google.golang.org/protobuf v1.36.10
)

require (
	github.com/cosmos/gogoproto v1.7.2 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	golang.org/x/sync v0.8.0 // indirect
)
