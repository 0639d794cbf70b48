module thalweg/interop/confluent

go 1.21

require github.com/confluentinc/confluent-kafka-go/v2 v2.2.0

require thalweg/interop/program v0.0.0

replace thalweg/interop/program => ../program
