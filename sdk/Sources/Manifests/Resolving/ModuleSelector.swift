/// Chooses the version of every module that a deployment names, and puts the modules in order.
struct ModuleSelector {
    /// A module that was chosen.
    struct Chosen {
        let manifest: ModuleManifest
        let isIntact: Bool
        let unknown: UnknownParts
        let source: ManifestSource
    }

    private let deployment: DeploymentManifest
    private let library: ModuleLibrary
    private let searched: [String]
    private let platform: SemanticVersion
    private(set) var diagnostics: [Diagnostic] = []
    /// Modules that are named or required, but not there or not readable; what belongs to them can't be judged.
    private(set) var missing: Set<String> = []

    init(deployment: DeploymentManifest, library: ModuleLibrary, searched: [String], platform: SemanticVersion) {
        self.deployment = deployment
        self.library = library
        self.searched = searched
        self.platform = platform
    }

    private mutating func report(_ code: Diagnostic.Code, _ location: SourceLocation, _ message: String, suggestion: String? = nil) {
        diagnostics.append(Diagnostic(code: code, location: location, message: message, suggestion: suggestion))
    }

    /// The modules, each after those that it requires, else by id. Modules in a circle come last, by id.
    mutating func choose() -> [Chosen] {
        var parsed: [String: [(candidate: ModuleLibrary.Candidate, result: Parsed<ModuleManifest>)]] = [:]
        for selection in deployment.modules {
            let id = selection.requirement.module.value
            parsed[id] = library.candidates(for: id).map { ($0, ModuleManifest.parse($0.source)) }
        }
        var picks: [String: Int] = [:]
        // Requirements depend on the versions that are chosen, so choose until nothing changes; each round can only exclude more.
        for _ in 0...deployment.modules.count {
            let next = pick(parsed, picks)
            if next == picks { break }
            picks = next
        }
        var chosen: [String: Chosen] = [:]
        for selection in deployment.modules {
            let id = selection.requirement.module
            guard let index = picks[id.value], let found = parsed[id.value]?[index] else {
                reportMissing(id)
                continue
            }
            diagnostics += found.result.diagnostics
            guard let manifest = found.result.manifest else {
                missing.insert(id.value)
                continue
            }
            chosen[id.value] = Chosen(
                manifest: manifest, isIntact: found.result.isValid, unknown: found.result.unknown, source: found.candidate.source)
            checkVersion(selection, manifest, parsed[id.value]?.compactMap(\.candidate.version) ?? [])
        }
        checkRequirements(chosen)
        return ordered(chosen)
    }

    // MARK: Versions

    /// For each module the highest version that suits all who ask; when none does, the highest that suits the deployment, or of all.
    private func pick(
        _ parsed: [String: [(candidate: ModuleLibrary.Candidate, result: Parsed<ModuleManifest>)]], _ before: [String: Int]
    ) -> [String: Int] {
        var picks: [String: Int] = [:]
        for selection in deployment.modules {
            let id = selection.requirement.module.value
            let candidates = parsed[id] ?? []
            let required = before.compactMap { parsed[$0.key]?[$0.value].result.manifest }.flatMap(\.requirements)
                .filter { $0.module.value == id }.map(\.range.value)
            let own = selection.requirement.range.value
            let isWanted: [(SemanticVersion) -> Bool] = [
                { version in own.contains(version) && required.allSatisfy { $0.contains(version) } }, { own.contains($0) }, { _ in true },
            ]
            for wanted in isWanted where picks[id] == nil {
                var best: (index: Int, version: SemanticVersion)?
                for (index, found) in candidates.enumerated() {
                    guard let version = found.candidate.version, wanted(version), best.map({ $0.version < version }) ?? true else {
                        continue
                    }
                    best = (index, version)
                }
                picks[id] = best?.index
            }
            if picks[id] == nil { picks[id] = candidates.indices.first }
        }
        return picks
    }

    private mutating func checkVersion(_ selection: ModuleSelection, _ manifest: ModuleManifest, _ versions: [SemanticVersion]) {
        let range = selection.requirement.range
        if !range.value.contains(manifest.version.value) {
            let there = versions.sorted().map(\.description).joined(separator: ", ")
            report(
                .versionConflict, range.location,
                "'\(manifest.id.value)' is there as \(there), which doesn't suit \"\(range.value)\"")
        }
        if !manifest.platform.value.contains(platform) {
            report(
                .versionConflict, manifest.platform.location,
                "'\(manifest.id.value)' \(manifest.version.value) runs on Tessera \"\(manifest.platform.value)\", but this is \(platform)")
        }
    }

    private mutating func reportMissing(_ id: Located<String>) {
        missing.insert(id.value)
        report(
            .missingModule, id.location, "no module '\(id.value)' was found in \(searched.joined(separator: ", "))",
            suggestion: Names.nearest(to: id.value, among: library.ids))
    }

    // MARK: Requirements

    private mutating func checkRequirements(_ chosen: [String: Chosen]) {
        for id in chosen.keys.sorted() {
            for requirement in chosen[id]?.manifest.requirements ?? [] where requirement.module.value != id {
                check(requirement, of: id, chosen)
            }
        }
    }

    private mutating func check(_ requirement: Requirement, of id: String, _ chosen: [String: Chosen]) {
        let wanted = requirement.module.value
        guard let found = chosen[wanted]?.manifest else {
            guard !missing.contains(wanted) else { return }
            missing.insert(wanted)
            report(
                .missingModule, requirement.module.location, "'\(id)' requires the module '\(wanted)', which the deployment doesn't name",
                suggestion: Names.nearest(to: wanted, among: chosen.keys.filter { $0 != id }.sorted()))
            return
        }
        guard !requirement.range.value.contains(found.version.value) else { return }
        report(
            .versionConflict, requirement.range.location,
            "'\(id)' requires '\(wanted)' in \"\(requirement.range.value)\", but \(found.version.value) was chosen")
    }

    // MARK: Order

    private mutating func ordered(_ chosen: [String: Chosen]) -> [Chosen] {
        var waiting = chosen.keys.sorted()
        var done: Set<String> = []
        var order: [Chosen] = []
        while !waiting.isEmpty {
            let ready = waiting.first { id in
                chosen[id]?.manifest.requirements.allSatisfy {
                    done.contains($0.module.value) || chosen[$0.module.value] == nil || $0.module.value == id
                } ?? true
            }
            guard let ready else {
                reportCycles(among: waiting, chosen)
                return order + waiting.compactMap { chosen[$0] }
            }
            waiting.removeAll { $0 == ready }
            done.insert(ready)
            if let module = chosen[ready] { order.append(module) }
        }
        return order
    }

    /// Reports each circle once, as the shortest way from its first module back to itself.
    private mutating func reportCycles(among waiting: [String], _ chosen: [String: Chosen]) {
        var reported: Set<String> = []
        for id in waiting where !reported.contains(id) {
            guard let circle = way(from: id, to: id, chosen), let first = circle.first else { continue }
            // Whoever can be reached from here and reaches back belongs to the same knot.
            reported.formUnion(
                waiting.filter { $0 == id || (way(from: id, to: $0, chosen) != nil && way(from: $0, to: id, chosen) != nil) })
            let names = [id] + circle.map(\.module.value)
            report(
                .dependencyCycle, first.module.location, "these modules require one another in a circle: \(names.joined(separator: " -> "))"
            )
        }
    }

    /// The shortest chain of requirements from one module to another.
    private func way(from start: String, to end: String, _ chosen: [String: Chosen]) -> [Requirement]? {
        var ways: [[Requirement]] = [[]]
        var visited: Set<String> = []
        while !ways.isEmpty {
            var longer: [[Requirement]] = []
            for way in ways {
                let here = way.last?.module.value ?? start
                for requirement in chosen[here]?.manifest.requirements ?? [] where requirement.module.value != here {
                    if requirement.module.value == end { return way + [requirement] }
                    if visited.insert(requirement.module.value).inserted { longer.append(way + [requirement]) }
                }
            }
            ways = longer
        }
        return nil
    }
}
