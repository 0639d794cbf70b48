// Sends ten user events and waits until all are acknowledged.
'use strict'

const { CompressionTypes, Kafka } = require('kafkajs')

const kafka = new Kafka({ brokers: [process.env.BOOTSTRAP || 'localhost:9092'] })

async function main() {
  const producer = kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: 10 }, (_, id) => ({
    key: `user-${id}`,
    value: JSON.stringify({ user_id: id, event_type: 'user_registered', timestamp: Math.floor(Date.now() / 1000), sent_by: 'javascript' }),
    headers: { 'content-type': 'application/json' },
  }))
  for (const { partition, baseOffset } of await producer.send({ topic: 'user-events', acks: -1, compression: CompressionTypes.GZIP, messages })) {
    console.log(`partition=${partition} offset=${baseOffset} and on`)
  }
  await producer.disconnect()
}

main().catch(e => {
  console.error(`send: ${e.message}`)
  process.exit(1)
})
