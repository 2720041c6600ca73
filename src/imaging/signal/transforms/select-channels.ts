import { readParameters } from '../../transforms/read-parameters.ts';
import { channelPlaces, type SignalTransform } from './signal-transform.ts';

interface SelectParameters {
  /** Places from 0, in the order wanted. */
  readonly channels: readonly number[];
}

/** Some channels, in the order given; marks of channels that are left out go with them. Throws SIGNAL_CHANNEL. */
export const selectChannels: SignalTransform<SelectParameters> = {
  name: 'select-channels',
  check(json) {
    const read = readParameters('select-channels', json);
    const parameters = { channels: read.numbers('channels', { min: 0, whole: true }) };
    read.end();
    return parameters;
  },
  change(one, { channels }) {
    channelPlaces(one, channels);
    const annotations = one.annotations.flatMap((mark) => {
      if (mark.channel === undefined) return [mark];
      const channel = channels.indexOf(mark.channel);
      return channel < 0 ? [] : [{ ...mark, channel }];
    });
    return { ...one, channels: channels.map((place) => one.channels[place]!), annotations };
  },
  inverse: () => ({ none: 'the channels that were left out are gone' }),
};
