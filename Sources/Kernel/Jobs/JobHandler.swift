package import QueryLanguage
package import Records

/// How one kind of work is done. It may be taken up again after a stop in the middle, so it keeps where it is with its writes (`WorkSteps`).
package protocol JobHandler: Sendable {
    /// What jobs of this kind are stored under.
    var kind: String { get }

    /// Does the work and gives its result. A cancelled task means to stop soon: what is done stays done.
    func run(_ job: JobRun) async throws -> Value
}

/// A job that is being worked on.
package struct JobRun: Sendable {
    package let id: GUID
    /// What it is called in lists.
    package let label: String
    package let input: Value
    /// Whoever asked for the work; it may do what they may when it is taken up. What is written goes by `currentAccess`.
    package let access: Access
    /// What they may do by now, for each step of the work.
    package let currentAccess: @Sendable () async throws -> Access
    /// Tells how far it is.
    package let progress: @Sendable (Job.Progress) async throws -> Void
    /// The same after a step that is in, so that the work may be broken off here without loss: it is where others get their turn.
    package let stepIsDone: @Sendable (Job.Progress) async throws -> Void

    /// - Parameter currentAccess: left out, it stays as it is.
    package init(
        id: GUID, label: String, input: Value, access: Access, currentAccess: (@Sendable () async throws -> Access)? = nil,
        progress: @escaping @Sendable (Job.Progress) async throws -> Void,
        stepIsDone: @escaping @Sendable (Job.Progress) async throws -> Void
    ) {
        self.id = id
        self.label = label
        self.input = input
        self.access = access
        self.currentAccess = currentAccess ?? { access }
        self.progress = progress
        self.stepIsDone = stepIsDone
    }
}
