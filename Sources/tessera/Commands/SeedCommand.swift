import ArgumentParser
import Catalog
import Records

struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Fill a deployment with made-up people and organisations.",
        discussion: """
            The data are plausible, varied and always the same for the same --seed, so that figures can be compared. One change set holds
            all of it.

              tessera seed --people 100000
            """)

    @OptionGroup var options: DeploymentOptions

    @Option(help: "How many people to make.")
    var people = 1000

    @Option(help: "How many organisations; a tenth of the people when not given.")
    var organisations: Int?

    @Option(help: "Another seed makes other data.")
    var seed: UInt64 = 1

    func validate() throws {
        guard people >= 0, people <= 100_000_000, organisations ?? 0 >= 0 else { throw ValidationError("people: 0 to 100,000,000") }
    }

    func run() async throws {
        try await reportingFailures {
            let deployment = try options.load()
            guard let personType = deployment.catalog.type(collection: "people"),
                let organisationType = deployment.catalog.type(collection: "organisations")
            else { throw Failure(.wrongInput, "this deployment has no people and organisations to seed; add the module contacts") }
            let counts = (organisations: organisations ?? people / 10, people: people)
            let rows = SeedRows(seed: seed, organisations: counts.organisations)
            try await DirectStore.with(options, deployment: deployment) { store in
                let changeSet = ChangeSet(id: .version7(), label: "seed \(counts.people) people")
                let filler = SeedFiller(store: store, changeSet: changeSet)
                // One batch after the other, since organisations link to earlier ones.
                try await filler.fill(organisationType, count: counts.organisations, width: 1, rows.organisation)
                try await filler.fill(personType, count: counts.people, width: 2, rows.person)
            }
        }
    }
}

/// Writes made-up rows in batches and shows how far it is.
struct SeedFiller {
    static let batch = 1000

    let store: RecordStore
    let changeSet: ChangeSet

    func fill(_ type: RecordType, count: Int, width: Int, _ row: @escaping @Sendable (Int) -> RecordInput) async throws {
        var progress = Progress(label: type.labelPlural.lowercased(), total: count)
        try await withThrowingTaskGroup(of: Int.self) { group in
            var start = 0
            for _ in 0..<width where start < count { start = add(type, from: start, count, row, to: &group) }
            while let done = try await group.next() {
                progress.advance(by: done)
                if start < count { start = add(type, from: start, count, row, to: &group) }
            }
        }
        progress.finish()
    }

    private func add(
        _ type: RecordType, from start: Int, _ count: Int, _ row: @escaping @Sendable (Int) -> RecordInput,
        to group: inout ThrowingTaskGroup<Int, any Error>
    ) -> Int {
        let end = min(start + Self.batch, count)
        group.addTask {
            let outcomes = try await store.create(
                type, (start..<end).map(row), options: WriteOptions(changeSet: changeSet, mode: .atomic), access: .commandLine)
            for case .failed(let error) in outcomes { throw Failure(.wrongInput, "row of \(type.collection): \(error)") }
            return end - start
        }
        return end
    }
}
