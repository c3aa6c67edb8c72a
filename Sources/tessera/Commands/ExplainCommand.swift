import ArgumentParser
import Catalog
import Manifests
import Permissions
import Principals
import QueryLanguage
import Records

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why things are as they are.",
        discussion: """
            Reads the deployment's database and changes nothing.

              tessera explain access people 01a20b40-d628-796b-9feb-3720c3d32cfe --user anna@example.com
            """,
        subcommands: [Access.self])

    struct Access: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Why somebody may see or change a record, or may not; without --user, who may see it.",
            discussion: """
                For each action the decision, and what each role says that the person holds: its scope, and what makes it cover the record.
                Of a detail, whose rights come from another record, it is said of that one.

                  tessera explain access people 01a20b40-d628-796b-9feb-3720c3d32cfe --user anna@example.com
                  tessera explain access people 01a20b40-d628-796b-9feb-3720c3d32cfe
                """)

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The record's collection.") var collection: String
        @Argument(help: "The record's id.") var id: String
        @Option(help: ArgumentHelp("About whom.", valueName: "name, mail address or id")) var user: String?

        func run() async throws {
            try await reportingFailures {
                guard let record = GUID(id) else { throw Failure(.wrongInput, "'\(id)' is no id of a record") }
                let deployment = try options.load()
                let type = try ListQuery.type(collection: collection, catalog: deployment.catalog)
                let lines = try await Database.with(options, logger: CommandLog.quiet) { database in
                    try await deployment.requireSchema(on: database.client)
                    let records = RecordStore(client: database.client, catalog: deployment.catalog, logger: CommandLog.quiet)
                    let store = PrincipalStore(records: records)
                    guard let user else {
                        let (isDeleted, readers) = try await store.readers(of: record, in: type)
                        if output.isJSON {
                            let deleted: [String: Value] = isDeleted ? ["deleted": true] : [:]
                            let values = readers.map { reader in
                                Value.complex(["id": .guid(reader.id), "name": .string(reader.name)].merging(deleted) { $1 })
                            }
                            return [Value.collection(values).json]
                        }
                        let told = isDeleted ? ["It is deleted; who asks for deleted records too, and may read it:"] : []
                        return told + readers.map { "\($0.id)  \($0.name)" }
                    }
                    let principal = try await store.find(user, [.user, .service]).id
                    let explanations = try await store.explain(record, in: type, for: principal)
                    if output.isJSON { return [Value.collection(explanations.map(\.value)).json] }
                    let names = try await store.directory().principals
                    return explanations.flatMap { $0.lines { id in names[id]?.name ?? "\(id)" } }
                }
                for line in lines { Console.print(line) }
            }
        }
    }
}

extension AccessExplanation {
    /// As people read it.
    ///
    /// - Parameter name: of a user or team.
    func lines(_ name: (GUID) -> String) -> [String] {
        var lines = ["\(action.rawValue): \(isAllowed ? "yes" : "no")"]
        for source in sources { lines.append("  as \(source.action.rawValue) of \(source.type)\(source.record.map { " \($0)" } ?? "")") }
        if reasons.isEmpty { lines.append("  no role says anything about this type") }
        lines += reasons.map { "  \($0.line(name))" }
        for limit in limits { lines.append("  but \(limit) isn't true of it") }
        if !isAllowed, isUnreadable, action != .read, reasons.contains(where: { $0.ground != nil }) {
            lines.append("  but it can't be read")
        }
        if !isAllowed, action == .assign, !isUnreadable, !isDeleted, reasons.contains(where: { $0.ground != nil }) {
            lines.append("  but it can't be changed")
        }
        if isDeleted, action != .restore, action != .purge { lines.append("  but it is deleted") }
        for field in fields where !field.isAllowed {
            lines.append("  without \(field.field)\(field.isUnseen ? ", which isn't seen" : "")")
            lines += field.reasons.map { "    \($0.line(name))" }
        }
        return lines
    }
}

extension AccessExplanation.Reason {
    /// What a role says and whether it covers the record.
    fileprivate func line(_ name: (GUID) -> String) -> String {
        let held = team.map { " (in \(name($0)))" } ?? ""
        let because: String =
            switch ground {
            case .everything: "covers everybody's"
            case .owner: "covers it: they own it"
            case .team(let team): "covers it: its owner is in \(name(team))"
            case .rule(let id): "covers it: \(id) is true of it"
            case .shared(let grantee, let level): "covers it: shared with \(name(grantee)) to \(level.name)"
            case nil: "doesn't cover it"
            }
        return "\(role)\(origin == .api ? " (made over the API)" : "")\(held): \(scope.rawValue), \(because)"
    }
}
