"""The renderer."""

from dependency_injector import providers

from adapters.minijinja.renderer import MinijinjaRenderer
from domain.ports.renderer import Renderer
from entrypoints.containers.on_aws.store import Store


class Rendering(Store):
    """Of templates."""

    renderer: providers.Provider[Renderer] = providers.ThreadSafeSingleton(MinijinjaRenderer)
