// Programs on kafkajs, each followed by a check of what the broker kept.
//
//   BOOTSTRAP=host:port PREFIX=text- node kafkajs.js CASE
'use strict'

const assert = require('node:assert/strict')
const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = require('kafkajs')

const topic = `${process.env.PREFIX}user-events`
const firstTimestamp = Number(process.env.FIRST_TIMESTAMP)
const groupId = `${process.env.PREFIX}my-consumer-group`
const kafka = new Kafka({ clientId: 'interop', brokers: process.env.BOOTSTRAP.split(','), logLevel: logLevel.NOTHING })

const message = i => ({
  key: `key${i % 20}`,
  value: JSON.stringify({ user_id: i, event_type: 'user_login' }),
  headers: { sequence: String(i) },
  timestamp: String(firstTimestamp + i),
})

function checkMessage(m) {
  const i = Number(m.headers.sequence)
  const got = { key: m.key.toString(), value: m.value.toString(), headers: { sequence: m.headers.sequence.toString() }, timestamp: m.timestamp }
  assert.deepEqual(got, message(i))
  return i
}

async function withAdmin(use) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

const createTopic = numPartitions => withAdmin(admin => admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }] }))

async function produce(from, to, { idempotent = false, compression = CompressionTypes.None, batch = 100 } = {}) {
  const producer = kafka.producer({ idempotent, maxInFlightRequests: idempotent ? 1 : undefined })
  await producer.connect()
  for (let i = from; i < to; i += batch) {
    const messages = Array.from({ length: Math.min(batch, to - i) }, (_, n) => message(i + n))
    const results = await producer.send({ topic, acks: -1, compression, messages })
    for (const r of results) assert.equal(r.errorCode, 0)
  }
  await producer.disconnect()
}

// A consumer that keeps what it reads, and whom it shares the partitions with.
async function startMember(records) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10000, heartbeatInterval: 500, maxWaitTimeInMs: 200 })
  const member = { consumer, held: 0, read: 0, stop: () => consumer.disconnect() }
  consumer.on(consumer.events.GROUP_JOIN, e => { member.held = (e.payload.memberAssignment[topic] || []).length })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message: m }) => {
      member.read++
      records.push({ partition, offset: Number(m.offset), i: checkMessage(m) })
    },
  })
  return member
}

async function until(done, what) {
  for (const end = Date.now() + 45000; !done(); await new Promise(r => setTimeout(r, 20))) {
    if (Date.now() > end) throw new Error(`timed out: ${what()}`)
  }
}

// A broker hears of what the controller has done a moment later.
async function eventually(done, what) {
  for (const end = Date.now() + 10000; !(await done()); await new Promise(r => setTimeout(r, 20))) {
    if (Date.now() > end) throw new Error(`not within 10 s: ${what}`)
  }
}

function checkRecords(records, from, to) {
  const latest = new Map()
  for (const { partition, i } of records) {
    const key = message(i).key
    assert.ok(!latest.has(key) || latest.get(key) < i, `${key}: ${i} follows ${latest.get(key)} in partition ${partition}`)
    latest.set(key, i)
  }
  assert.deepEqual(records.map(r => r.i).sort((a, b) => a - b), Array.from({ length: to - from }, (_, n) => from + n))
}

async function readAll(count) {
  const records = []
  const member = await startMember(records)
  await until(() => records.length >= count, () => `read ${records.length} of ${count}`)
  await member.stop()
  checkRecords(records, 0, count)
}

const produceAndRead = (count, options) => async () => {
  await createTopic(3)
  await produce(0, count, options)
  await readAll(count)
}

async function group() {
  await createTopic(4)
  const records = []
  const first = await startMember(records)
  await until(() => first.held === 4, () => `first member holds ${first.held}`)
  const second = await startMember(records)
  await until(() => first.held === 2 && second.held === 2, () => `members hold ${first.held} and ${second.held}`)
  await produce(0, 400)
  await until(() => records.length >= 400, () => `read ${records.length} of 400`)
  assert.ok(first.read > 0 && second.read > 0, `shares ${first.read} and ${second.read}`)
  await second.stop()
  await until(() => first.held === 4, () => `first member holds ${first.held} after the second left`)
  await first.stop()
  checkRecords(records, 0, 400)
}

async function resume() {
  await createTopic(2)
  for (const from of [0, 100]) {
    await produce(from, from + 100)
    const records = []
    const member = await startMember(records)
    await until(() => records.length >= 100, () => `read ${records.length} of 100`)
    await member.stop()
    checkRecords(records, from, from + 100)
  }
}

async function admin() {
  await withAdmin(async admin => {
    const created = { topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries: [{ name: 'retention.ms', value: '123456' }] }] }
    assert.equal(await admin.createTopics(created), true)
    assert.equal(await admin.createTopics(created), false)
    await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })
    await eventually(async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length === 2, 'two partitions')
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }]
    const described = await admin.describeConfigs({ resources, includeSynonyms: false })
    assert.equal(described.resources[0].configEntries[0].configValue, '123456')
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'retention.ms', value: '654321' }] }] })
    assert.equal((await admin.describeConfigs({ resources, includeSynonyms: false })).resources[0].configEntries[0].configValue, '654321')

    await produce(0, 100)
    const ends = await admin.fetchTopicOffsets(topic)
    assert.equal(ends.reduce((sum, p) => sum + Number(p.high) - Number(p.low), 0), 100)
    const at50 = await admin.fetchTopicOffsetsByTimestamp(topic, firstTimestamp + 50)
    assert.equal(at50.length, 2)

    const records = []
    const member = await startMember(records)
    await until(() => records.length >= 100, () => `read ${records.length} of 100`)
    const groups = await admin.describeGroups([groupId])
    assert.deepEqual([groups.groups[0].state, groups.groups[0].members.length], ['Stable', 1])
    assert.ok((await admin.listGroups()).groups.some(g => g.groupId === groupId))
    await member.stop()
    await admin.resetOffsets({ groupId, topic, earliest: true })
    const offsets = await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true })
    assert.ok(offsets[0].partitions.every(p => p.offset === '0'), JSON.stringify(offsets))
    assert.equal((await admin.deleteGroups([groupId]))[0].errorCode, 0)

    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] })
    const shortened = await admin.fetchTopicOffsets(topic)
    assert.equal(shortened.find(p => p.partition === 0).low, '5')
    await admin.deleteTopics({ topics: [topic] })
    await eventually(async () => !(await admin.listTopics()).includes(topic), 'a deleted topic is not listed')
  })
}

const cases = {
  'produce-consume': produceAndRead(1000),
  idempotent: produceAndRead(1000, { idempotent: true, batch: 10 }),
  gzip: produceAndRead(500, { compression: CompressionTypes.GZIP }),
  group,
  resume,
  admin,
}

cases[process.argv[2]]().then(
  () => process.exit(0),
  e => {
    console.error(e.stack)
    console.error(`FAILED: ${e.message.split('\n').filter(Boolean).join(' ')}`)
    process.exit(1)
  })
