"""Render the mails of a micro-batch: whatever can crash on its input comes before the claim."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import getsizeof

from domain.campaign import Campaign, CampaignCategory
from domain.chunk import Chunk
from domain.errors import DependencyRefused, InvalidInput
from domain.footer import Footer
from domain.message import Message
from domain.ports.contents import ContentRepository
from domain.ports.renderer import Renderer, Unrenderable
from domain.template import Content
from domain.unsubscribe import Mailing, UnsubscribeTokens

_BYTES = 14 * 2**20
"""Of the rendered mails that are in memory at once.

A mailer holds them a second and a third time, as JSON in requests: three to seven times as much.
"""


@dataclass(frozen=True)
class Part:
    """What a micro-batch takes of one chunk: the mails of some positions."""

    chunk: Chunk
    mails: Mapping[int, Message | Unrenderable]

    def first(self, messages: int) -> "Part":
        """No more than so many of them."""
        return Part(self.chunk, dict(list(self.mails.items())[:messages]))


@dataclass(frozen=True, kw_only=True)
class RenderMails:
    """From the campaign's content snapshot and the recipients' fields."""

    contents: ContentRepository
    renderer: Renderer
    tokens: UnsubscribeTokens
    footer: Footer

    def __call__(self, campaign: Campaign, chunks: Sequence[Chunk], room: int) -> Sequence[Part]:
        """Of those pending the first, at most `room`, and no more than memory has room for.

        At least one, where one is pending. Raises DependencyFault, also where the snapshot is gone
        or cannot be rendered.
        """
        content = self.contents.get(chunks[0].ref.campaign_id)
        if content is None:
            # It is written before the first chunk, so the store is damaged.
            raise DependencyRefused("The campaign's content snapshot is gone.")
        memory = _BYTES
        parts: list[Part] = []
        for chunk in chunks:
            mails: dict[int, Message | Unrenderable] = {}
            for position in chunk.pending[:room]:
                if memory <= 0:
                    break
                mails[position] = mail = self._render(campaign, content, chunk, position)
                memory -= _bytes_of(mail)
            if not mails or (parts and memory <= 0):
                # Whole chunks, as far as it goes: the rest of one takes calls of its own.
                break
            parts.append(Part(chunk, mails))
            room -= len(mails)
        return parts

    def _render(
        self, campaign: Campaign, content: Content, chunk: Chunk, position: int
    ) -> Message | Unrenderable:
        """One by one: how large mails are is known once they are rendered."""
        recipient = chunk.recipients[position]
        url = self._unsubscribe_url(chunk, position)
        try:
            (mail,) = self.renderer.render(content, [self.footer.merged(recipient, url)])
        except InvalidInput as error:
            raise DependencyRefused(
                f"The campaign's content snapshot is damaged: {error}"
            ) from error
        if isinstance(mail, Unrenderable):
            return mail
        return Message(
            chunk=chunk.ref,
            position=position,
            to=recipient.address,
            subject=mail.subject,
            html=mail.html,
            text=mail.text,
            unsubscribe_url=url if campaign.category is CampaignCategory.MARKETING else None,
            sender=content.sender,
            reply_to=content.reply_to,
        )

    def _unsubscribe_url(self, chunk: Chunk, position: int) -> str:
        contact_id = chunk.recipients[position].contact_id
        return self.footer.unsubscribe_url(
            self.tokens.token(Mailing(chunk.ref, position, contact_id))
        )


def _bytes_of(mail: Message | Unrenderable) -> int:
    """One emoji makes a string take four for each of its characters."""
    return 0 if isinstance(mail, Unrenderable) else getsizeof(mail.html) + getsizeof(mail.text)


def first_of(parts: Sequence[Part], messages: int) -> Iterator[Part]:
    """The first so many mails of them."""
    for part in parts:
        if messages <= 0:
            return
        taken = part.first(messages)
        messages -= len(taken.mails)
        yield taken
