"""What the containers of use cases share: each is one concern, and a function names its own."""

from dependency_injector import containers, providers

from entrypoints.settings import Settings


class UseCases(containers.DeclarativeContainer):
    """`family` provides the ports, under the same names in every family."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    family = providers.DependenciesContainer()
