// Prints user events as a member of a group, until Ctrl-C. Start a second one: the two share the partitions.
'use strict'

const { CompressionCodecs, CompressionTypes, Kafka } = require('kafkajs')

// kafkajs itself knows only gzip.
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')

const kafka = new Kafka({ brokers: [process.env.BOOTSTRAP || 'localhost:9092'] })

async function main() {
  const consumer = kafka.consumer({ groupId: process.env.GROUP || 'my-consumer-group' })
  process.once('SIGINT', () => consumer.disconnect().then(() => process.exit(0)))
  await consumer.connect()
  await consumer.subscribe({ topics: ['user-events'], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) =>
      console.log(`partition=${partition} offset=${message.offset} key=${message.key} value=${message.value}`),
  })
}

main().catch(e => {
  console.error(`consume: ${e.message}`)
  process.exit(1)
})
